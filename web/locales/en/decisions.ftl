# Why something was decided, one sentence each. Shown to citizens and officers.
why-eligible = All conditions of { $scheme } are met since { $day }.
why-death-registered = { $source } registered a death on { $day }; the payment under { $scheme } is on hold until the notice has arrived and its time to object is over.
why-death-reported = Somebody reported a death to { $source }; nothing was changed in { $scheme }, and an officer looks at it.
why-alive-after-death = A death is registered, and a sign of life after that day is on record; nothing is taken away in { $scheme }, and an officer looks at it.
why-moved-out-of-state = { $source } recorded a move out of the state since { $day }, which ends { $scheme } after notice and a time to object.
why-at-home-after-move = A move out of the state is recorded, and a presence at home as well; nothing is taken away in { $scheme }, and an officer looks at it.
why-clause-false = The conditions { $clauses } of { $scheme } are no longer met.
why-head-of-household = The register of households names you as the head from now on; the card goes on in your name in { $scheme }.
why-conflict = The conditions of { $scheme } ask for an officer's decision: { $clauses }.
why-roll-otherwise = The roll of { $scheme } did not do what was decided, because somebody else changed or holds the entry; an officer looks at it.
why-draws-both = { $scheme } and a scheme that follows on it are both being paid, although only one of them is due; nothing is taken away, and an officer looks at it.

# The reason in a notice
because-death-registered = { $source } registered a death on { $day }.
because-moved-out-of-state = { $source } has recorded a residence outside the state since { $day }.
because-include = The scheme is for people of whom this is true: “{ $text }”. By what is known, that is not so.
because-exclude = The scheme is not for people of whom this is true: “{ $text }”. By what is known, it is so.
