# Pages of reviews, life events and rolls, English. The same keys as in hi/review.ftl; whole sentences, nothing glued together.

nav-matching = Who is meant
nav-objections = Counter

# What waits
review-title = Review
review-text = Nobody is taken off a roll by a computer. What stands here needs a person: look at the evidence, and say why you decide so.
review-none = Nothing waits for an officer.
review-stopped = { $count ->
    [one] One scheme is stopped, because it would take off unusually many people.
   *[other] { $count } schemes are stopped, because they would take off unusually many people.
}
review-open = Look at the evidence
review-group-objections = Objections
review-group-objections-text = The time to object stands still. Two officers, two persons, must say the same.
review-group-proposals = Proposals
review-group-proposals-text = A rule no longer holds. Nothing was written to the person yet; an officer looks first.
review-group-looks = To be looked at
review-group-looks-text = Something does not fit. Nothing was taken away, and nothing will be by what you say here.
review-group-untold = Nobody could be told
review-group-untold-text = The payment is on hold, and for two weeks no notice has arrived. Without a delivered notice nobody is taken off: somebody must call on her.
review-group-stopped = Stopped by the breaker
review-group-stopped-text = Too many at once. They go on when two officers have signed for the whole scheme.

# The time to object
review-clock-contested = An objection is open: the time to object stands still.
review-clock-runs = { $count ->
    [one] The person may object until { $day }: today is the last day.
   *[other] The person may object until { $day }: { $count } days, today among them.
}
review-clock-over = The time to object is over.
review-clock-none = No time runs yet: no notice has arrived.
review-clock-not = No time runs here.

# One decision
review-case-title = Evidence of a decision
review-scheme = Scheme
review-what = What it is about
review-state = State
review-reason = Reason
review-clock = Time to object
review-effective = Holds from
review-case-number = Case on letters
review-number = Number in our register
review-monthly = Rupees a month
review-matched = How the person was matched, of 100
review-changes = What would change it
review-changes-on = “{ $name }” changes on { $day } by itself.
review-changes-if = It changes when this changes: { $name }.
review-changes-none = Nothing changes it by itself. A corrected record, an annulment or a sign of life would.
review-decide = Your decision
review-four-eyes = Two officers hear an objection, and both must be other persons than whoever confirmed the removal. Nothing changes until both say the same.
review-first-upheld = { $name } has said that the removal stands.
review-first-reversed = { $name } has said that the objection is right.
review-own-word = You have spoken. Another person must hear the objection now.
review-judge = What do you find?
review-reverse = The objection is right: the person stays, and receives what was held back.
review-uphold = The objection is not right: the removal stands.
review-drop = The proposal is dropped: nothing changes for the person.
review-confirm = The proposal goes on: a notice is sent, and the person may object.
review-seen = I have looked at it; nothing is taken away.
review-why = Why do you decide so?
review-why-text = Write one or two whole sentences. They stay in the department, with your account and the time.
review-save = Save the decision
review-clauses = Rules and facts
review-clauses-none = A built-in rule decided, not the clauses of a scheme.
review-decisive = made the difference
review-facts-none = No fact is known for this clause.
review-facts-unnamed = The signed record names no fact for this clause.
review-fact-source = From { $name }
review-fact-since = Holds since { $day }
review-fact-recorded = Recorded { $at }
review-receipt = Record
review-receipt-own = From our own register
review-events = Life events
review-events-none = No event led to this.
review-event-received = Arrived { $at }
review-notice = Notice
review-notice-none = No notice was written yet.
review-notice-written = Written { $at }.
review-delivered = It arrived { $at }.
review-by = Entered by { $name }.
review-window-ends = The last day to object is { $day }.
review-undelivered = It has not arrived as far as we know: nobody can be taken off.
review-letter = Print the letter
review-deliver = How do you know that it arrived?
review-deliver-officer = I handed it over, or saw it handed over.
review-deliver-sms = The delivery report of the short message says so.
review-deliver-text = With your entry the time to object begins, in your name. A wallet reports by itself.
review-deliver-save = Enter that it arrived
review-objection = Objection
review-objection-none = Nobody has objected.
review-slip = Slip { $number }
review-no-words = No words were said.
review-papers = Papers shown
review-papers-none = No papers were shown.
review-to-counter = Enter an objection at the counter
review-reasons = What officers wrote
review-steps = Signed records
review-steps-text = Each step was signed, and its digest stands in the public log.
review-steps-caption = From the first to the last
step-delivered = Notice delivered
review-back = Back to what waits
review-timeline = The whole case as a timeline

done-second-needed = Your word is kept. Another person must say the same before anything changes.
done-heard-anew = The first officer said otherwise. The objection is heard anew, by two.
done-decision-reversed = The objection was found right. The person stays, and is told.
done-decision-upheld = The removal stands. The person is told.
done-decision-dropped = It is closed. Nothing changes for the person.
done-decision-confirmed = The proposal goes on, and the person is told.
done-notice-delivered = It is entered that the notice arrived. The time to object runs.
done-breaker-signed = You have signed. Another person must sign, too.
done-breaker-released = Both have signed. The scheme goes on.
done-matched = It is entered who is meant.
done-matched-nobody = It is entered that nobody here is meant.
done-replayed = The parked events are on their way again.

action-offer = Offer
action-enrol = Enrolment
action-withdraw = Withdrawal of an offer
action-hold = Payment on hold
action-release = Hold lifted
action-remove = Removal
action-restore = Reinstatement
action-amend = Change
action-flag = Hint
action-review = Question to an officer

state-proposed = proposed
state-offered = offered
state-accepted = accepted
state-declined = declined
state-expired = expired
state-withdrawn = dropped
state-enrolled = enrolled
state-held = payment on hold
state-noticed = notice arrived
state-contested = objected to
state-upheld = removal stands
state-removed = removed
state-reversed = objection was right
state-released = hold lifted
state-restored = reinstated

reason-eligible = all rules are met
reason-death-registered = death registered
reason-death-reported = death reported, not registered
reason-alive-after-death = sign of life after a registered death
reason-moved-out-of-state = moved out of the state
reason-at-home-after-move = present at home after a move
reason-clause-false = a rule no longer holds
reason-head-of-household = head of the household from now on
reason-conflict = rules that only an officer can weigh
reason-objection-upheld = the objection was right
reason-death-annulled = the death was annulled
reason-declined = declined by the person
reason-next-ended = the scheme that follows pays no more

clause-true = holds
clause-false = does not hold
clause-unknown = not known

evidence-wallet = Her wallet acknowledged it.
evidence-sms-report = The delivery report of the short message says so.
evidence-officer = An officer saw it handed over.

channel-wallet = Wallet:
channel-mail = Mail:
channel-sms = Short message:
channel-letter = Letter:

way-waiting = on its way
way-printed = printed, not handed over yet
way-delivered = delivered
way-parked = given up until an officer looks

route-wallet = From her wallet
route-counter = At the counter
route-operator = Through an assisted operator

# Events
event-birth-registered = Birth registered
event-birth-annulled = Birth annulled
event-birth-stillbirth = Stillbirth
event-death-reported = Death reported
event-death-registered = Death registered
event-death-annulled = Death annulled
event-age-attained = Age completed
event-age-revised = Age corrected
event-marriage-registered = Marriage registered
event-marriage-ended = Marriage ended
event-residence-moved = Residence moved
event-household-changed = Household changed
event-person-corrected = Details corrected
event-person-merged = Two entries joined
event-person-split = One entry parted
event-presence-confirmed = Sign of presence

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

# The counter
objections-title = Objection at the counter
objections-text = For somebody who came in person, with or without a phone. Take both numbers from the letter.
objections-case = Case number on the letter
objections-number = Her number at our department, on the letter
objections-find = Find the decision
objections-words = What does she say?
objections-words-text = In her own words, as she says them; it may be left empty. Read it to her again.
objections-papers = Which papers does she show?
objections-papers-text = One a line, such as “Life certificate, Tehsildar Dhamtari, 12 November 2026”. It may be left empty: an objection needs no papers.
objections-enter = Enter the objection and make the slip
objections-another = Another letter
objections-taken = The objection is taken: the time to object stands still, and two officers hear it. Print the slip and hand it over.
objections-qr = Code of this slip
objections-receipt = Digest of the signed record
objections-print = Print the slip
objection-slip-title = Slip of an objection

slip-title = Your objection was taken
slip-taken = { $name } took your objection on { $at }.
slip-against = It is against being taken off { $name }.
slip-case = Your case number is { $number }.
slip-number = The number of this slip is { $number }.
slip-paper = You showed this paper: { $name }.
slip-next = You are not taken off while your objection is open. Two officers who did not propose it hear you, and you are told what they find.
slip-keep = Keep this slip. It is signed by { $name }, and its code stands in the public log.

# The letter
letter-title = Letter to be handed over
letter-text = Print it, hand it over, and enter afterwards that it arrived. A printed letter starts no time.
letter-print = Print the letter
letter-back = Back to the decision
letter-qr = Code of this notice
letter-for = To the person with the number { $number } in our register.
letter-until = You may object until { $day }.
letter-days = { $count ->
    [one] You may object within one day from the day on which this letter reaches you.
   *[other] You may object within { $count } days from the day on which this letter reaches you.
}
letter-case = Case { $number }
letter-notice = Notice { $number }
letter-signature = Handed over on (date), signature:

# Lists for a panchayat or ward
places-title = Notices to be handed over, by place
places-open = Print lists for panchayats and wards
places-text = These people have not received the notice that they may lose a benefit. Give each place its list together with the letters. Enter for each person that her notice arrived: only then does her time to object begin. A printed list starts no time.
places-none = Everybody who is to be told has been told.
places-place = Panchayat or ward: { $name }
places-nowhere = Panchayat or ward not known
places-duty = { $name }, { $day }. Please hand over the letter in person and have it signed for. Nobody is taken off before it has reached her and her time to object is over. This list is not to be put up in public.
places-number = Number
places-name = Name
places-scheme = Scheme
places-payment = Payment
places-days = Days to object
places-case = Case
places-signature = Handed over on, signature or thumb mark
places-household = to the household
places-more = Not everybody fits on these lists. Print them again when these people have their notices.
places-held = on hold
places-goes-on = goes on
places-print = Print the lists
places-back = Back to what waits

# Breakers
breakers-title = Stopped schemes
breakers-text = A scheme stops by itself when it would take off unusually many people at once. Find out why before you sign. It goes on when two persons have signed.
breakers-none = No scheme is stopped.
breakers-since = Stopped since
breakers-removals = Removals of one day
breakers-roll = People on the roll
breakers-waiting = People who wait
breakers-first = { $name } has signed that it may go on for { $number } people.
breakers-people = For how many people may it go on?
breakers-people-text = Both sign the same number, for one day. One person more stops it again.
breakers-own = You have signed. Another person must sign, too.
breakers-certain = I have looked at why there are so many, and the removals are right.
breakers-sign = Sign that { $name } may go on

# Who is meant
matching-title = Who is meant
matching-text = In these life events nobody in our register is surely meant. Nothing was done. Say who is meant only if you are certain; a name and a birth year alone are not enough.
matching-none = Nobody waits for a decision.
matching-unmatched = Nobody in our register is linked to this person.
matching-ambiguous = Somebody here has the same name and birth year. That is not enough to act upon.
matching-name = Name as told
matching-birth-year = Birth year as told
matching-unknown = not told
matching-source = Told by
matching-since = Waits since
matching-candidates = Same name and birth year here
matching-who = Who is meant?
matching-somebody = The person with the number below; I have compared both, and I am certain.
matching-nobody = Nobody in our register.
matching-number = Number in our register
matching-save = Save
person-subject = the person herself
person-mother = the mother
person-father = the father
person-spouse = the spouse
person-head = the head of the household
person-survivor = the survivor
person-parted = the other entry

# Life events
triggers-title = Life events
triggers-text = How many events were told in the last { 30 } days, and how far each came. Nobody is named here.
triggers-heard = What others told us
triggers-told = What we told others
triggers-caption = With { $name }
triggers-stage = Stage
triggers-number = Events
stage-told = told
stage-acknowledged = acknowledged
stage-applied = applied
stage-settled = of these: settled
stage-unmatched = of these: nobody meant
stage-contradicted = of these: contradicted
triggers-sources = Sources
triggers-sources-none = We hear no department.
triggers-sources-caption = Whether a source is as usual
triggers-source = Source
triggers-band = Its day
triggers-today = Last 24 hours
triggers-waiting = Waiting
triggers-head = Last sign of life
triggers-equivocations = Contradictions of its own
band-usual = as usual
band-many = far more than usual
band-few = far fewer than usual
band-silent = silent
triggers-feeds = Our feeds
triggers-feeds-none = Nobody hears us.
triggers-feeds-caption = Who hears us, and what has not arrived
triggers-subscriber = Subscriber
triggers-last = Last number
triggers-parked = Parked
triggers-next = Next try
triggers-well = not needed
triggers-parked-text = Some events were not acknowledged for three days. They are not lost; send them again once the other side is well.
triggers-replay = Send again to { $name }
triggers-cases = Newest cases
triggers-cases-none = No event was heard yet.
trigger-case-title = Timeline of a case
trigger-case-text = What was heard, and what it led to here. Nobody is named.
trigger-case-open = Open the evidence ({ $number })
trigger-case-back = Back to life events
trigger-from = From { $name }.
trigger-applied = { $name }: the source was told what came of it
applied-settled = Settled.
applied-unmatched = Nobody here was surely meant.
applied-contradicted = Something known here contradicts it.

# Rolls
rolls-title = Rolls and their journals
rolls-text = Beside each roll lies a journal: every change that was decided here, chained and signed. Compare them whenever you like.
rolls-none = No roll is open here.
rolls-entries = Entries of the journal
rolls-entries-none = none yet
rolls-head = Newest signed head
rolls-head-covers = Up to entry { $number },
rolls-head-none = none was signed yet
rolls-looked = Compared last
rolls-looked-never = never yet
rolls-outside = What others changed
rolls-outside-none = nothing was found
rolls-outside-entry = Entry { $number },
rolls-verify = Compare { $name } now
rolls-compared = Comparison of { $name }
rolls-whole = The journal is whole, and the roll is as it tells.
rolls-findings = { $count ->
    [one] One thing is not as it should be.
   *[other] { $count } things are not as they should be.
}
rolls-findings-text = Keep database and backups as they are, and ask who changed them.
rolls-large = For very large rolls use the command
finding-edited = Entry { $number } of the journal was edited.
finding-missing = Entries { $number } of the journal are missing.
finding-unlinked = Entry { $number } does not follow the one before it.
finding-head-disagrees = The journal disagrees with its signed head at entry { $number }.
finding-row-changed-outside = Row { $number } of the roll was changed by others.
finding-row-missing = Row { $number } of the roll is missing.
finding-between = It happened between { $at } and { $day }.
finding-before = It was found { $at }; nothing attests how it was before.
