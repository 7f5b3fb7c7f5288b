# Pages for officers and the public, English. The same keys as in hi/console.ftl; whole sentences, nothing glued together.

language-name = English
language-name-devanagari = English, numerals १२३
skip = Skip to the content
languages = Language
pages = Pages
signed-in-as = Signed in as { $name }
sign-out = Sign out
go-on = Go on

nav-home = Home
nav-links = Linking
nav-assisted = Assisted session
nav-schemes = Schemes
nav-triggers = Life events
nav-review = Review
nav-rolls = Rolls
nav-break-glass = Emergency reviews
nav-keys = Keys
nav-users = Accounts
nav-audit = Audit trail

role-operator = Operator
    .does = You confirm which person of the register is meant where the computer is not sure.
role-scheme-officer = Scheme officer
    .does = You write the rules of schemes and sign them together with another officer.
role-reviewer = Reviewer
    .does = You look at what another officer did in an emergency, and say whether it was right.
role-auditor = Auditor
    .does = You read who did what in this gateway.
role-observer = Observer
    .does = You read overviews, and change nothing.
role-admin = Administrator
    .does = You invite officers, give them roles and close accounts.
role-centre-operator = Service centre operator
    .does = You help citizens who have no phone of their own to decide about their data.

# Signing in
sign-in-title = Sign in
sign-in-for = This page is for the department's officers. Citizens need no account: they use their wallet.
sign-in-openid = Sign in with your department's login
sign-in-local = Sign in with name and password
sign-in = Sign in
sign-in-help = If you have forgotten your password, ask your administrator for a new link.
account-name = Account name
password = Password
signed-in-title = You are signed in

# Invitation
invitation-title = Choose your password
invitation-for = This link is for the account { $name }.
invitation-none = This link does not hold any more. Ask your administrator for a new one.
password-new = New password
password-again = The same password once more
password-rules = Take at least { 12 } characters. A sentence that only you would write is good. Any characters are allowed, also spaces and letters of any script.
password-save = Save the password

# Home
home-title = Your work
home-roles = You have these roles here:
home-session = Your session
home-session-text = You are signed out by yourself after a while without use, and at the end of the working day. If you think that somebody else uses your account, sign out everywhere and tell your administrator.
sign-out-everywhere = Sign out everywhere

# What was done
done-signed-out = You are signed out.
done-password = Your password is saved. Sign in with it now.
done-disabled = The account is closed, and signed out everywhere.
done-enabled = The account is open again.
done-user-confirmed = The account is confirmed as another officer's.
done-key-registered = Your key was taken. Another officer must compare its thumbprint and confirm it.
done-key-confirmed = The key is confirmed. It counts once the department's entry in the directory is renewed.
done-key-ended = The key has ended. It leaves the directory once the department's entry is renewed.
done-linked = The link is written down.
done-dismissed = It is written down that this person is none of the rows shown. Nobody was linked.
done-reviewed = Your decision is written down, and the citizen is told.

# Accounts
users-title = Accounts
users-caption = Everybody who may sign in here
users-display = Name of the officer
users-person = Officer's pseudonym
users-person-text = Leave it empty for an officer's first account. If the officer has another account already, write the same pseudonym as there: what needs two officers is refused to two accounts of one officer.
users-roles = Roles
users-state = State
users-change = Change
users-active = Open
users-unconfirmed = Invited by { $name }, not confirmed
users-confirm = I know the officer who uses { $name }: it is not whoever sent the invitation
users-confirm-text = Until another officer confirms it, an account counts as an account of whoever invited it too: it cannot be the second pair of eyes beside that officer.
users-disabled = Closed
users-enable = Open { $name } again
users-disable = Close { $name }
users-invite = Invite an officer
users-invite-text = The officer gets a link that works once, for three days. For an account that exists, the link sets a new password.
users-invited = The link is ready
users-invited-text = Hand this link over in person or by a way that only this officer reads. It is shown once and works once.

# Keys of officers
keys-title = Keys of officers
keys-text = Officers who sign for the department do so with a key of their own. Its private part never leaves the officer's machine.
keys-none = No key has been handed in yet.
keys-of = Key of { $name }
keys-signs = Signs
keys-signs-scheme = Versions of schemes
keys-signs-review = Decisions of reviews
keys-thumbprint = Thumbprint
keys-confirmed = Confirmed by { $name }
keys-unconfirmed = Not confirmed yet
keys-confirm = I compared the thumbprint with { $name } and confirm it
keys-end = End the key of { $name }
keys-register = Hand in your key
keys-step-1 = On your own machine, run this command:
keys-step-2 = Keep the file where only you can read it. Write the printed thumbprint down for your colleague.
keys-step-3 = Copy everything that was printed into this field: the public key and the proof that you hold its private part.
keys-public = What the command printed

# Audit trail
audit-title = Audit trail
audit-text = Every action at this gateway stands here, refused ones too. Nobody can change or remove a row unnoticed.
audit-holds = The chain of all rows is whole.
audit-broken = The chain of rows is broken: somebody changed the database. Tell the security officer now.
audit-caption = Newest actions first
audit-number = Number
audit-at = When
audit-actor = Who
audit-action = What
audit-target = To what
audit-outcome = Outcome
audit-done = Done
audit-refused = Refused
audit-failed = Failed
audit-older = Older actions

# Linking
linking-title = Linking
linking-text = For these people the computer was not sure which person of our register is meant. Compare both sides. Link only if you are certain; whoever you do not link stays here for a month.
linking-none = Nobody waits for a decision.
linking-person = The person as the identity registry knows her
linking-candidate = In our register
linking-candidates-text = These rows of our register have the same date of birth.
linking-no-candidates = No row of our register has this date of birth.
linking-name = Name
linking-birthdate = Date of birth
linking-district = District
linking-number = Number in our register
linking-equal = The same
linking-different = Different
linking-certain = I compared both sides, and I am certain that this is the same person.
linking-reason = By what do you know that this is the same person?
linking-reason-none = Why is this person none of the rows?
linking-dismiss = This person is none of the rows
linking-confirm = Link with number { $number }
linking-back = Back to everybody who waits
linking-open-person = Compare { $name } with our register

# Break-glass
break-glass-title = Emergency reviews
break-glass-text = In an emergency an officer may ask without consent, under a law that is registered for this. A second officer looks at each use within a day. The citizen was told at once.
break-glass-none = No use waits for a review.
break-glass-use = Use of { $at }
break-glass-law = Law
break-glass-provider = Who answered
break-glass-officer = Who asked
break-glass-reason = Reason that was given
break-glass-due = To be reviewed by
break-glass-overdue = This review is overdue.
break-glass-own = You asked here yourself, so another officer must review it.
break-glass-judge = How do you judge this use?
break-glass-upheld = It was right.
break-glass-rejected = It was not right.
break-glass-why = Reason for your decision
break-glass-why-text = Write one or two whole sentences. The citizen is told your decision; your reason stays in the department.
break-glass-decide = Save the decision

# Assisted session
assisted-title = Assisted session
assisted-text = Open a session when a citizen without a phone of her own sits in front of you. She decides; you lend her a device.
assisted-open = Open a session
assisted-opened = The session is open
assisted-until = It ends by itself on { $at }.
assisted-step-1 = Ask the civil registration office to invite the citizen for this session alone. The office needs her number in the register, and these three:
assisted-step-2 = Open the session on the device in front of her. Show her the card, or read it out to her word for word; she approves by a code that comes to her own phone or her family’s.
assisted-step-3 = Finish the session on that device: it makes the slip, and forgets everything of hers. The slip can be printed again here.
assisted-operator = Department that helps
assisted-person = Your number as an operator
assisted-wallet = Open this session
assisted-no-wallet = The federation has no wallet's address yet, so that no session can be held.
assisted-to-slip = Go to the slip of this session
assisted-slip-title = Slip for the citizen
assisted-not-closed = There is no slip of this session. Finish the session on the device first; another operator's slip is not shown.
assisted-qr = Code of this slip, to be shown where a consent is to be ended
assisted-consents = Numbers of the consents
assisted-session = Number of the session
assisted-print = Print the slip
assisted-end-title = End consents with a slip
assisted-end-text = A citizen can bring back the slip of her session at any time. All consents of that session end; both departments are told, and each of them confirms it.
assisted-end = End the consents of this session
assisted-ended = { $count ->
    [one] One consent is ended. The departments are being told.
   *[other] { $count } consents are ended. The departments are being told.
}

# For the public
transparency-title = What was exchanged
transparency-text = Here you see how often this department asked others for data and answered others, on which basis, and how often it refused.
transparency-from = Counted from { $day }
transparency-until = until { $day }, whole days only.
transparency-exchanges = Exchanges by basis
transparency-basis = Basis
transparency-consent = The citizen's consent
transparency-law = The registered law { $law }
transparency-asked = Asked by us
transparency-answered = Answered by us
transparency-refused = Refused by us
transparency-rejected = Found wrong
transparency-emergencies = Emergencies
transparency-emergencies-text = In an emergency an officer may ask without consent, under a law that is registered for this. A second officer reviews each use within a day, and the citizen is told at once.
transparency-emergencies-none = There was no such use.
transparency-few = Numbers from { 1 } to { 4 } are shown as “<{ 5 }”, so that nobody can be found in them.

status-title = State of this gateway
status-at = Looked at on { $at }.
status-database = Storage
status-directory = Directory of the federation
status-certificate = Certificate
status-anchoring = Receipts in the public log
status-well = in order
status-unwell = not in order

problems-title = Help with refusals
problems-text = Each refusal has a code. Choose one to read what it means, why it happens and what you can do.
problem-title = Help with a refusal
problem-why = Why
problem-mend = What you can do
problem-code = Code:
problem-id = Number of this request, for the help desk:

accessibility-title = Accessibility
accessibility-1 = These pages are made to be used by everybody: with a keyboard alone, with a screen reader, with large text, on small screens and without scripts. They follow WCAG 2.2, level AA.
accessibility-2 = Every page exists in English and in Hindi, with either kind of numerals.
accessibility-3 = If something is hard to use or to understand, tell the department. You get an answer within seven days.

privacy-title = Privacy
privacy-1 = These pages set no cookie for visitors, except one that keeps your choice of language. Officers who sign in get one more, which ends with their session.
privacy-2 = Nothing is loaded from other companies, and nobody measures what you read.
privacy-3 = What the department did with a citizen's data she sees herself in her wallet, under “Who used my data”.
privacy-4 = Names of officers are stored encrypted. The audit trail holds account names only.
