# The citizen's wallet, English. The same keys as in hi/wallet.ftl; whole sentences, nothing glued together.

app-name = Vinimay wallet
skip = Skip to the content
switch-language = हिन्दी
busy = One moment …
back = Back
again = Try again
continue = Continue
copy = Copy
copied = Copied.
share = Share
save-file = Save as a file
more-details = More details
offline-bar = You are offline. You can read everything here; what you stop is sent as soon as you are online again.
update-bar = A newer wallet is ready.
update-now = Use it now

nav = Main
nav-home = Home
nav-open = Open
nav-consents = Consents
nav-uses = Uses
nav-help = Help

# Before there is a wallet
insecure-title = This page cannot keep your keys safe
insecure-body = A wallet needs a secure connection (https) and a browser that can make keys. Open the address that your office gave you, and check that it begins with https://. Nothing was stored here.
welcome-title = Your data, your yes or no
welcome-1 = A department may look at what another department knows about you only if you allow it here, or if a registered law says so. Either way you see it here.
welcome-2 = You see who asks, exactly for which items, and what for. You can stop it at any time.
welcome-3 = Your keys stay on this phone. Nobody can take them from here, and nobody else can say yes for you.
welcome-begin = Begin
pin-new-title = Choose a PIN
pin-new-body = The PIN keeps others who hold this phone from opening your wallet. Take { NUMBER(6) } to { NUMBER(12) } digits that you do not use elsewhere, and do not tell them to anybody, not even in an office.
pin-new-label = New PIN
pin-repeat-label = The same PIN once more
pin-weak = Take at least { NUMBER(6) } digits, and not all the same or in a row.
pin-differs = The two PINs are not the same.
pin-set = Set the PIN

locked-title = Open your wallet
locked-label = PIN
locked-open = Open
locked-passkey = Open with fingerprint or face
locked-wrong = { $left ->
    [one] The PIN is wrong. After { NUMBER($left) } more wrong try this wallet is erased.
   *[other] The PIN is wrong. After { NUMBER($left) } more wrong tries this wallet is erased.
}
locked-wait = { $minutes ->
    [one] Too many wrong tries. Wait { NUMBER($minutes) } minute, then try again.
   *[other] Too many wrong tries. Wait { NUMBER($minutes) } minutes, then try again.
}
locked-erased = There were too many wrong tries, and this wallet was erased. Ask the civil registration office for a new invitation.
passkey-failed = That did not work. Use your PIN.
pin-wrong = The PIN is wrong.

# Home
home-hello = Namaste
home-hello-name = Namaste, { $name }
home-unbound-title = One step is missing
home-unbound-body = Ask the civil registration office for an invitation. You get a link or a QR code, and a code by another way. Then this wallet speaks for you.
home-open = Scan or open a request
home-requests = Waiting for your answer
home-active = { $count ->
    [0] You allow nothing at the moment.
    [one] You gave { NUMBER($count) } consent that holds now.
   *[other] You gave { NUMBER($count) } consents that hold now.
}
home-uses = Last uses
home-no-uses = No department has used your data, as far as this phone knows.
home-see-uses = See who used my data
home-benefits = What departments decided about you
home-benefits-open = { $count ->
    [one] { NUMBER($count) } decision about you waits for your answer.
   *[other] { NUMBER($count) } decisions about you wait for your answer.
}
home-notices = Messages to you
home-tie = Give a department your number
home-waiting = { $count ->
    [one] { NUMBER($count) } order of yours is on its way and is sent again by itself.
   *[other] { NUMBER($count) } orders of yours are on their way and are sent again by themselves.
}

# Scan or open
open-title = Scan or open
open-body = Point the camera at the QR code that a department or an office shows you, or paste the link that you got.
open-camera = Use the camera
open-camera-stop = Stop the camera
open-camera-none = The camera cannot be used. Allow it in the settings of this browser, or paste the link.
open-looking = The camera is on. Hold the code in the middle of the picture.
open-picture = Picture of the camera
open-paste-label = Link
open-paste-go = Open the link
open-nothing = This is neither a request of a department nor an invitation. Check that the whole link was copied.

# Binding
offer-title = Connect this wallet with you
offer-from = { $registry } invites you to connect this wallet with your entry in its register.
offer-body = For each department the wallet makes a key of its own, so that departments cannot compare their notes about you.
offer-code-label = Code that you got by another way
offer-code-hint = { $length ->
    [one] It has { NUMBER($length) } character. After five wrong codes the invitation ends.
   *[other] It has { NUMBER($length) } characters. After five wrong codes the invitation ends.
}
offer-code-hint-any = After five wrong codes the invitation ends.
offer-go = Connect
offer-working = Keys are being made and confirmed. Keep this page open.
offer-done-title = The wallet is connected
offer-done-body = { $count ->
    [one] { NUMBER($count) } key was confirmed. You can now answer requests of departments.
   *[other] { NUMBER($count) } keys were confirmed. You can now answer requests of departments.
}
offer-refused = The office did not accept the code. Check it, and try again; after five wrong codes ask for a new invitation.

# Consent card
request-title = A department asks
request-loading = The request is fetched and checked.
request-checked = The signature of the request was checked: it is by { $consumer }, and the purpose is registered.
request-several = This makes { NUMBER($count) } consents, one for each department that answers.
request-expires = You can answer until { $time }.
request-read = Read aloud
request-read-stop = Stop reading
request-no-voice = This phone has no English voice of its own.
request-allow = Allow
request-deny = Don’t allow
request-signing = Your consent is signed and sent.
request-changed = You looked at this for a while, so it was fetched again. Please read it once more.
request-presence = This asks for proof that you are here now; the wallet gives it when you allow.
request-ward = For whom do you decide?
request-ward-none = This asks about somebody for whom you are the guardian. The register names nobody for whom you may decide here, so that you cannot allow it.
request-signed-things = What exactly is signed
request-signed-body = Your signature covers this card word for word, the request, the purpose as it is registered, and the program that showed it. These are their digests:
request-digest-card = Card
request-digest-request = Request
request-digest-purpose = Purpose
request-digest-wallet = Wallet
allowed-title = You allowed it
allowed-body = { $consumer } has your consent. Each use will stand under “Uses”, and you can stop it at any time.
allowed-sent-later = Your consent is signed, but it could not be delivered. Open the request again to send it, or stop it here.
denied-title = You did not allow it
denied-body = Nothing of yours was passed on. { $consumer } was told only that you said no.

# Consents
consents-title = My consents
consents-none = You have not given any consent yet.
consents-active = In force
consents-ended = Ended
consent-title = Consent
consent-to = { $consumer } may ask { $provider }
consent-ward = For
consent-until = until { $date }
consent-ended-on = ended on { $date }
consent-uses = { $count ->
    [0] not used yet, at most { NUMBER($most) } times
    [one] used { NUMBER($count) } time of { NUMBER($most) }
   *[other] used { NUMBER($count) } times of { NUMBER($most) }
}
consent-status-active = In force
consent-status-paused = Paused
consent-status-revoked = Stopped
consent-status-expired = Ended
consent-status-used-up = Used up
consent-status-stopping = Not stopped yet
consent-status-pausing = Not paused yet
consent-stop = Stop
consent-stop-named = Stop the consent to { $consumer } about { $dataset }
consent-pause = Pause
consent-resume = Go on
consent-shorten = End earlier
consent-shorten-label = Last day
consent-shorten-do = Set this day
consent-shorten-bad = Choose a day from tomorrow on that lies before the present end.
consent-stopped = Stopped. From now on every question is refused.
consent-queued = Your order is kept and is sent again by itself. Until both departments have confirmed it, the consent may still be used.
consent-not-yet = Your order does not hold yet: the consent may still be used.
consent-paused-said = Paused. Until you let it go on, every question is refused.
consent-resumed = It goes on.
consent-shortened = It now ends on { $date }.
consent-pending = Not yet confirmed by { $party }; sent again by itself.
consent-confirmed = Confirmed by { $party } with a signature.
consent-party-refused = { $party } did not accept this order ({ $code }).
consent-party-refused-again = { $party } did not accept this order ({ $code }); it is signed anew and sent again by itself.
consent-orders = Your orders
order-revoke = Stopped on { $date }
order-pause = Paused on { $date }
order-resume = Resumed on { $date }
order-shorten = Shortened on { $date }
consent-undelivered = The department has not confirmed that it got this consent.
consent-card = The card that you read on { $date }
consent-its-uses = Its uses
consent-keep = Keep a copy
consent-final = Stopping is for good. If you need the service again, the department asks you again.

# Who used my data
uses-title = Who used my data
uses-body = Every department tells this from its own signed receipts. They hold names of items, never what stands in them.
uses-refresh = Ask the departments
uses-asking = The departments are being asked.
uses-none = No department has used your data.
uses-as-of = As told on { $date }
uses-missing = { $party } could not be asked now. What it told before is shown.
use-answered = { $consumer } got from { $provider }: { $items }
use-refused = { $consumer } asked { $provider } for { $items } and was refused
use-unconfirmed = { $consumer } asked { $provider } for { $items }; whether the answer arrived is not confirmed
use-title = One use of your data
use-when = When
use-who = Who asked
use-from = Who answered
use-items = Items
use-questions = Answered only with yes or no
use-purpose = What for
use-basis = On what ground
use-basis-consent = Your consent
use-basis-law = A law: { $law }
use-basis-unknown = Not told
use-assisted = You gave this consent with the help of an operator of { $operator }.
use-outcome = What happened
use-outcome-answered = The items were passed on.
use-outcome-refused = Nothing was passed on.
use-outcome-unconfirmed = The asking department did not confirm that it got the answer.
use-anchored = In the public log
use-anchored-yes = Yes, as entry { NUMBER($index) }: nobody can remove or change this any more.
use-anchored-no = Not yet.
use-erased = Deleted again
use-erased-on = { $consumer } has deleted it from all its systems on { $date } and signed that it did.
use-told-by = Told by
use-number = Number
use-evidence = Keep the evidence
use-evidence-body = This file proves the use to anybody, without asking a department.
use-evidence-missing = The evidence could not be fetched now.
use-complain = Something is wrong here
use-see-consent = See the consent

# Complaint
complaint-title = Make a complaint
complaint-body = This wallet does not send the complaint by itself. It writes the letter, with everything that the department needs to find the case; you hand it in, send it, or read it out at the office.
complaint-words = What is wrong?
complaint-letter = Your letter
complaint-to = To the grievance officer, { $department }
complaint-subject = Complaint about the use of my data
complaint-facts = On { $date }, { $consumer } asked { $provider } for these items: { $items }. Number of the exchange: { $exchange }.
    Purpose: { $purpose }
complaint-consent-facts = On { $date } I gave { $consumer } a consent to ask { $provider } for: { $items }. Number of the consent: { $consent }.
complaint-ask = I ask for a written answer within { NUMBER(30) } days. If I do not get one, I can turn to the Data Protection Board of India.
complaint-address = The department’s address: { $address }

# What departments decided about her in schemes
benefits-title = Decided about you
benefits-body = This is what departments decided about you in schemes, and why. An offer begins only if you accept it, and nobody takes you off without having told you.
benefits-none = No department has told of a decision about you.
benefits-waiting = You can answer
benefits-others = Everything else
benefits-missing = { $party } could not be asked now. It may have decided something that you do not see here; what it told before is shown.
benefits-unbelieved = Something that { $party } told could not be verified, so it is not shown. What it told before is shown.
benefit-title = A decision about you
benefit-unknown = No department told of this decision. Look again later, or ask at the office.
benefit-not-asked = The departments could not be asked now. Look again later, or ask at the office.
benefit-unnamed = A benefit of this department
benefit-no-why = The department gave no reason. Ask at the office.
benefit-state = How it stands
benefit-state-proposed = This was worked out and is being looked at. Nothing has changed for you yet.
benefit-state-offered = This benefit is offered to you. It begins only if you accept.
benefit-state-accepted = You accepted. The department is entering you now.
benefit-state-declined = You declined. This benefit is not paid to you.
benefit-state-expired = The time to accept is over.
benefit-state-withdrawn = This was taken back. Nothing is claimed back from you.
benefit-state-enrolled = You are in the scheme.
benefit-state-held = Your payment is on hold. You have not been taken off.
benefit-state-noticed = You have been told. You can object. You are not taken off before your time to object is over.
benefit-state-contested = You objected. Two officers hear your objection; until then you are not taken off.
benefit-state-upheld = Your objection was heard. Two officers found that the removal stands.
benefit-state-removed = You were taken off the scheme.
benefit-state-reversed = Your objection was right. You stay in the scheme.
benefit-state-released = The removal was dropped. You stay in the scheme; what was held back, if anything, is paid to you.
benefit-state-restored = You are back in the scheme, as if you had never been gone.
benefit-unsigned = The department has not signed this yet.
benefit-action = What it is about
benefit-action-offer = A benefit is offered.
benefit-action-enrol = You are to be entered in a scheme.
benefit-action-withdraw = An offer is taken back.
benefit-action-hold = A payment is put on hold.
benefit-action-release = A hold is lifted.
benefit-action-remove = You are to be taken off a scheme.
benefit-action-restore = You are put back in a scheme.
benefit-action-amend = An entry of yours is changed.
benefit-action-flag = An officer is shown something. Nothing else happens.
benefit-action-review = An officer is asked to decide.
benefit-deadline = Until when
benefit-accept-until = You can accept until { $date }.
benefit-object-until = You can object until { $date }.
benefit-window-not-begun = Your time to object begins when the notice has reached you; you can object now already.
benefit-by = Decided by
benefit-since = Holds from
benefit-amount = Amount
benefit-monthly = { NUMBER($amount) } rupees a month
benefit-source = Reported by
benefit-changes = What would change it
benefit-changes-on = Clause { $clause } changes by itself on { $date }.
benefit-changes-by = It changes when clause { $clause } comes out differently.
benefit-case = Case number
benefit-told = As told on
benefit-accept = Accept
benefit-decline = Decline
benefit-by-law = You were entered without an application, because a law says so. You may decline; then you count as never entered.
benefit-leave-sure = You leave this scheme and are paid nothing more by it. This cannot be taken back here.
benefit-leave = Leave the scheme
benefit-stay = Stay
benefit-too-late = This can no longer be answered: its time is over, or it has been answered already. How it stands now is shown above.
benefit-suspended = Your wallet cannot answer offers at the moment, because your entry in the civil register is suspended. You can read everything and object here, or answer at the department.
benefit-assisted = An offer cannot be answered in an assisted session, because the answer holds beyond it. Answer it in a wallet of your own, or at the department.
benefit-clauses = Clauses and facts
benefit-clause-true = Clause { $clause } holds.
benefit-clause-false = Clause { $clause } does not hold.
benefit-clause-unknown = It is not known whether clause { $clause } holds.
benefit-decisive = This clause made the difference.
benefit-fact = { $fact }: told by { $source }, so since { $date }.
benefit-facts-missing = Not known: { $facts }.
benefit-records = What the department signed
benefit-records-body = Each step was signed by the department, and this wallet has verified the signatures. These are the digests of the records:
benefit-records-behind = This wallet has verified the signatures of these records. The department has not yet given a signed record of how it stands now.
benefit-record = Record { NUMBER($number) }
objection-title = Your objection
objection-body = If this is wrong, say so here. Your objection stops the removal, and two officers hear it. You need not bring any papers.
objection-body-removed = If this is wrong, say so here. Two officers hear it, and if you are right you are put back and receive what you missed.
objection-words = What is wrong?
objection-words-hint = At most { NUMBER($most) } characters. You may leave it empty.
objection-words-new = Write what is new. What was said before has been heard. At most { NUMBER($most) } characters.
objection-too-long = These are { NUMBER($count) } characters; at most { NUMBER($most) } fit. Please shorten it.
objection-old = There is nothing new here yet. Please write what is new.
objection-send = Object
objection-again = Send again
objection-waits = Your objection is signed and kept on this phone. It stops the removal only once the department has it. While this wallet is open it is sent again by itself; if it does not get through, go to the office.
objection-waits-removed = Your objection is signed and kept on this phone. While this wallet is open it is sent again by itself; if it does not get through, go to the office.
objection-taken = The department has taken your objection and signed that it did. The number of your slip is { $slip }.
objection-known = The department has your objection under slip { $slip }. Nothing new was added.
objection-heard = The department signed that an objection of yours was taken after this one was sent. The number of its slip did not reach this phone; ask for it at the office.
objection-refused = The department did not take this objection. What you wrote is kept here; object again, or go to the office.
objection-slip = Slip
objection-at = Signed on
objection-said = What you said
fact-person-birth-date = Birth date
fact-person-birth-year = Birth year
fact-person-attained = Completed age
fact-person-sex = Sex
fact-person-alive = Whether the person lives
fact-person-death-date = Day of death
fact-person-marital-status = Marital status
fact-person-state-code = State of residence
fact-person-district = District
fact-person-native-state = Native state
fact-person-category = Category
fact-person-enrolled-school = School enrolment
fact-household-bpl = Below the poverty line
fact-household-members = Members of the household
fact-household-income-tax-payer = Income-tax payer in the household
fact-household-government-employee = Government employee in the household
fact-household-public-office = Holder of public office in the household
fact-benefits = Other benefits

# Messages
notices-title = Messages to you
notices-none = There are no messages.
notices-decision = See the decision
notices-answer = Read the request and answer
notices-refresh = Look for messages
notices-level = How much do you want to hear?
notices-level-every-use = Every use of my data
notices-level-weekly = Once a week, in one message
notices-level-exceptions = Only when something is unusual
notices-level-body = What takes something from you, and emergencies, are told in any case.
notices-phone = Phone number for short messages
notices-phone-hint = Only if you want messages there as well. Leave it empty to change nothing.
notices-email = E-mail address
notices-kept = A number or address is kept. What you leave empty stays as it is.
notices-forget = Delete my number and my address at the departments
notices-forgotten = Your number and address were deleted at { $party }.
phone-bad = This is no phone number. Give all its digits; for a number of another country begin with +.
email-bad = This is no e-mail address.
notices-chosen = Your choice was sent to { $party }.
notices-choose = Send my choice

# Number at a department
tie-title = Give a department your number
tie-body = So that a department finds the right person, tell it once under which number it knows you. It sees your name, your birthday and this number, and checks them against its own records.
tie-department = Department
tie-number = Your number there
tie-go = Tell the department
tie-done = Done. { $party } knows now who you are.
tie-not-found = No record fits this number together with your name and birthday. Check the number, or ask at the office.

# Help
help-title = Help
help-language = Language
help-language-hi = हिन्दी
help-language-en = English
help-numerals = Digits
help-numerals-latn = 1 2 3
help-numerals-deva = १ २ ३
help-how = How it works
help-how-1 = A department that needs something about you shows a QR code or sends a link. The wallet checks with the state’s authority who is asking and shows you a card.
help-how-2 = If you allow it, the wallet signs exactly what the card says. The other department answers only what your signature covers.
help-how-3 = You find every use under “Uses”, and every consent under “Consents”. One tap on “Stop” ends it.
help-phone = Another or a lost phone
help-phone-1 = Keys cannot be moved. On the new phone you make a new wallet and ask the civil registration office for a new invitation; that takes two minutes.
help-phone-2 = Consents of the old phone end then, and departments ask you again. Before you give a phone away, erase the wallet on it.
help-phone-others = End the wallets on all my other phones
help-phone-others-done = { $count ->
    [0] There was no other phone.
    [one] { NUMBER($count) } key on another phone ended.
   *[other] { NUMBER($count) } keys on other phones ended.
}
help-lock = Lock
help-lock-now = Lock the wallet now
help-pin-change = Change the PIN
help-pin-old = Present PIN
help-pin-changed = The PIN was changed.
help-passkey = Open with fingerprint or face
help-passkey-add = Set it up
help-passkey-added = From now on you can open the wallet with fingerprint or face.
help-passkey-no = This phone cannot do it in a way that is safe enough.
help-erase = Erase this wallet
help-erase-body = All keys and everything you see here are deleted from this phone. Stop your consents first, if you do not want them to go on.
help-erase-do = Erase for good
help-about = About this wallet
help-federation = Trust anchor
help-fingerprint = Fingerprint of its key, for comparing with paper
help-unchecked = Could not be checked, and is left out
help-build = This program (digest of the build)
help-build-unknown = not known; loaded without its list of files
help-kept = Storage
help-kept-yes = This browser promised to keep the wallet.
help-kept-no = This browser may delete the wallet when the phone runs short of space. Add it to the home screen so that it is kept.
help-name = Connected with
help-name-none = Nobody yet

# When something does not work
fault-title = That did not work
fault-input = The link cannot be used. Check that all of it was copied, or ask the department for a new one.
fault-untrusted = This was stopped for your safety, and nothing was signed: what came is not what the state’s authority vouches for.
fault-unverified = This was stopped for your safety: what came cannot be verified. That also happens when the clock of this phone is wrong; then set date and time to automatic.
fault-suspended = The state’s authority has suspended this department for the time being, so this wallet does not speak with it. Ask at the office.
fault-unanswered = The other side cannot be reached at the moment. Nothing is lost; try again later.
fault-refused = The other side refused.
fault-expired = This request has ended. Ask the department for a new one.
fault-answered = This request has been answered before.
fault-above = The department asks for more than is allowed for this purpose. Nothing was signed, and you need not do anything.
fault-clock = The clock of this phone is wrong. Set date and time to automatic, and try again.
fault-clock-maybe = Perhaps the clock of this phone is wrong. Set date and time to automatic, and try again.
fault-unbound = This wallet has no key for that department yet. Ask the civil registration office for a new invitation.
fault-platform = This browser cannot do that. Update it, or use another one.
fault-code = Reason for the office: { $code }
