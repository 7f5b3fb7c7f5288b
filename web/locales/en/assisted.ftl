# What a centre sends to a phone while it helps a citizen, and what stands on the slip that she takes home.

assisted-code = { $code } is your code. With it, { $operator } gives the consent that you were shown or heard. Tell it to nobody if you do not agree.

assisted-slip-title = What you agreed to today
assisted-slip-operator = { $operator } helped you on { $at }. The operator's number is { $person }.
assisted-slip-none = You gave no consent.
assisted-slip-consents =
    { $count ->
        [one] You gave one consent. Its number is below.
       *[other] You gave { $count } consents. Their numbers are below.
    }
assisted-slip-end = You can end a consent at any time, with this slip, at any centre or at the office of the department that asked. It costs nothing.
assisted-slip-device = Nothing of yours may stay on the device that was used.
