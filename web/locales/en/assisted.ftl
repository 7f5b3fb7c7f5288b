# What a centre sends to a phone while it helps a citizen, what stands on the slip that she takes home, and what the device in front of her says.

assisted-code = { $code } is your code. With it, { $operator } gives the consent that you were shown or heard. Tell it to nobody if you do not agree.

assisted-slip-title = What you agreed to today
assisted-slip-operator = { $operator } helped you on { $at }. The operator's number is { $person }.
assisted-slip-none = You gave no consent.
assisted-slip-consents =
    { $count ->
        [one] You gave one consent. Its number is below.
       *[other] You gave { $count } consents. Their numbers are below.
    }
assisted-slip-end = You can end these consents at any time: bring this slip to { $operator }. The civil registration office can end them too, together with every other consent of yours. It costs nothing.
assisted-slip-device = Nothing of yours may stay on the device that was used.

helped-title = Help with a consent
helped-none = There is no session on this page. Open one on the page of your department for assisted sessions, and follow its link.
helped-opening = The session is being opened.
helped-by = { $operator } helps here. The citizen’s keys are made for this session alone; they live in this page and nowhere else.
helped-bind-title = Invitation for this session
helped-bind-body = The civil registration office gives the citizen an invitation for this one session. It needs her number in the register, your own number as an operator, and these two:
helped-operator = Department that helps
helped-session = Number of the session
helped-invitation = Link of the invitation
helped-bind-none = This is no invitation. Check that all of the link was copied.
helped-bind-other = This invitation is not for this session, so its keys were thrown away. Ask the office for one that names this session.
helped-ask-title = What she is asked for
helped-ask-body = Point the camera at the code that the department shows, or paste its link.
helped-given = { $count ->
    [0] She has not given any consent in this session.
    [one] She has given { NUMBER($count) } consent in this session.
   *[other] She has given { NUMBER($count) } consents in this session.
}
helped-close = Finish, and make the slip
helped-card-body = Let her read this card, or read it out to her word for word. She decides: without her code nothing is signed.
helped-marked = Her consent says that { $operator } helped, and in which session.
helped-ward = This asks about somebody for whom the citizen is the guardian. She decides about that from a wallet of her own; it cannot be allowed here.
helped-method = How does she learn what is asked?
helped-method-code = She reads it herself
helped-method-otp-read-out = It is read out to her
helped-phone = Her phone number, or her family’s
helped-phone-hint = A code for this card goes there. The number is not kept.
helped-send = Send the code
helped-sent = The code is on its way. It holds for ten minutes.
helped-code = The code that she tells you
helped-code-wrong = This code was not accepted. After five wrong codes a new one must be sent.
helped-allow = Allow with her code
helped-another = Send another code
helped-done = Her consent is signed and delivered.
helped-denied = She said no. Nothing of hers was passed on.
helped-slip-title = Slip for the citizen
helped-slip-qr = Code of this slip, to be shown where these consents are to be ended
helped-slip-consent = Number of a consent
helped-slip-print = Print the slip
helped-wiped = Her keys are deleted, and this browser has kept nothing of this session.
helped-not-wiped = Her keys are deleted, but this browser keeps something that was not there before: { $names }. Delete the data of this site in the browser’s settings.
helped-end = Clear the screen
helped-ended-title = The session is over
helped-ended-body = Nothing of hers is on this device any more. For the next citizen, open a new session.
