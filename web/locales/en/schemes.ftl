# Pages about schemes, English. The same keys as in hi/schemes.ftl; whole sentences, nothing glued together.

schemes-title = Schemes
schemes-text = A scheme is a file of numbered clauses. A version comes into force only after it was checked, tested on your own roll and signed by two officers.
schemes-none = No scheme was handed in yet.
schemes-new = Write a new scheme
schemes-caption = Versions of { $name }, the newest first
schemes-version = Version
schemes-from = In force from
schemes-signed = Signed by
schemes-nobody = nobody yet
schemes-state-submitted = Handed in, not tested yet
schemes-state-tested = Tested, waits for signatures
schemes-state-scheduled = Ordered, its day has not come
schemes-state-in-force = In force
schemes-state-superseded = No longer in force

# One version
scheme-title = Version of a scheme
scheme-version = Version { $number }
scheme-submitted-by = Handed in by
scheme-hash = Hash of the file
scheme-steps = From the file into force
scheme-step-clean = The file has no errors, and all its { $number } examples pass.
scheme-step-unclean = The file has errors. Mend them in a new version.
scheme-step-test = Test it on the roll
scheme-step-tested = It was tested on the roll:
scheme-step-nobody-leaves = Nobody on the roll would leave.
scheme-step-read = Read the sample of people who would leave
scheme-step-was-read = The sample of people who would leave was read by { $name }.
scheme-step-signed-by = Signed by { $name }.
scheme-step-from = It counts from { $day }.
scheme-step-sign = Sign it, as one of two officers
scheme-step-publish = Bring it into force, once two officers have signed
scheme-publish = Bring it into force
scheme-edit-next = Write the next version from this one
scheme-take-back = Take this version back
scheme-taking-back = That the version in force is taken back was signed by { $name }. It is carried out once a second officer signs the same.
scheme-clauses = Clauses
scheme-clause-include = must hold
scheme-clause-exclude = must not hold
scheme-clause-officer = must not hold, otherwise an officer looks
scheme-clause-same = as in force
scheme-clause-changed = changed
scheme-clause-new = new
scheme-clause-gone = no longer in it
scheme-clause-ref = Legal reference:
scheme-examples = Examples inside the file
scheme-examples-caption = Each example was run just now
scheme-example = Example
scheme-example-day = Day
scheme-example-outcome = What came out
scheme-example-result = Result
scheme-example-passes = passes
scheme-example-fails = fails
scheme-file = The file, line by line
scheme-lines = The file, line by line
scheme-history = What was ordered
scheme-order-publish = Version { $number } comes into force.
scheme-order-rollback = Version { $number } comes back into force.
scheme-order-withdraw = Version { $number } goes out of force, and no version follows.
scheme-back = Back to all schemes
scheme-back-to-version = Back to this version
scheme-back-to-test = Back to the back-test
outcome-eligible = eligible
outcome-not_yet = not yet
outcome-not_eligible = not eligible
outcome-unknown = unknown
outcome-conflict = for an officer

# Writing and checking
scheme-edit-title = Write a version of a scheme
scheme-edit-text = Write the file, or change it, and have it checked. A check keeps nothing. What you hand in is kept for ever under its number; a later change is a new version.
scheme-edit-file = The scheme's file
scheme-lint = Check the file
scheme-submit = Hand it in as a version
lint-found = { $count ->
    [one] One error must be mended
   *[other] { $count } errors must be mended
}
lint-clean = The file is in order
lint-line = line { $number }
lint-error = Error:
lint-warning = Look at this:
lint-age-in-expression = An age is worked out inside an expression
lint-ages-overlap = The ages of two slabs overlap
lint-bad-value = This value is not allowed here
lint-class-unknown = No scheme of this class is known
lint-example-fails = An example comes out otherwise than it says
lint-expression = The expression cannot be read
lint-missing-key = Something that must be said is missing
lint-no-breaker = Nothing stops a mass removal
lint-no-false-example = No example shows this clause as false
lint-no-include = No clause lets anybody in
lint-no-legal-basis = People would be entered without a legal basis
lint-no-max-age = It is not said how old this fact may be
lint-no-reference = The legal reference is missing
lint-no-text = A text in English or Hindi is missing
lint-no-true-example = No example shows this clause as true
lint-no-unknown-example = No example shows this clause as unknown
lint-no-day-after-example = No example shows the day after an age is completed
lint-no-day-before-example = No example shows the day before an age is completed
lint-no-day-example = No example shows the day on which an age is completed
lint-one-condition = A clause has exactly one condition
lint-repeated-id = This number stands twice
lint-reported-death = A reported death can only be a sign
lint-toml = The notation of the file is broken
lint-too-long = The file is too long
lint-unknown-fact = There is no fact of this name
lint-unknown-key = There is no such word in a scheme
lint-wrong-type = This value is of the wrong kind
lint-other = This must be looked at

# Back-test
scheme-test-title = Back-test on your own roll
scheme-test-text = What would happen if this version were in force? Nothing is changed by a test. Facts that other departments hold are not asked for, so that they are unknown here.
scheme-test-begin = Start the back-test
scheme-test-once-more = Test it once more
scheme-test-running = The back-test is running
scheme-test-progress = People read so far
scheme-test-again = Look again
scheme-test-failed = The last back-test failed.
scheme-test-broken-off = The last back-test broke off before its end. Start it again.
scheme-test-of = Back-test of { $at }
scheme-test-day = Asked about { $day }.
scheme-test-people = { $count ->
    [one] One person was looked at.
   *[other] { $count } people were looked at.
}
scheme-test-on-roll = { $count ->
    [one] One of them draws the benefit today.
   *[other] { $count } of them draw the benefit today.
}
scheme-test-breaker = So many people would leave that the breaker stops these removals. Two officers would have to let them go on.
movement-enter = would enter
movement-leave = would leave
movement-stay = would stay
movement-out = would stay out
movement-unknown = unknown, nothing happens
movement-officer = for an officer
scheme-see-leavers = Who would leave, one by one
scheme-see-enterers = Who would enter, one by one
scheme-why-leave = Clauses that people would leave by
scheme-why-unknown = Clauses of which it is not known whether they hold
scheme-nothing-unknown = Everything that decides is known.
scheme-difference = Difference to the version in force
scheme-difference-none = No version of this scheme is in force, so that there is nothing to compare with.
difference-gains = Eligible only by this version
difference-loses = Eligible only by the version in force
difference-same = The same by both
difference-less-certain = Certain so far, no longer certain
difference-more-certain = Not certain so far, certain now
scheme-by-district = By district
scheme-by-sex = By sex
scheme-by-category = By category
scheme-twin-district = By district, in numbers
scheme-twin-sex = By sex, in numbers
scheme-twin-category = By category, in numbers
group-district = District
group-sex = Sex
group-category = Category
scheme-group-unknown = not known
scheme-group-other = all others together
scheme-group-female = women
scheme-group-male = men

# People
scheme-leavers-title = Who would leave
scheme-enterers-title = Who would enter
scheme-people-text = People stand here by their number in your own register. That you looked is written into the audit trail.
scheme-sample = { $count ->
    [one] Sample: one person
   *[other] Sample: { $count } people
}
scheme-sample-text = These people were drawn by lot from all who would lose the benefit. Look each of them up in your register before you sign: is what the clause says true of this person?
scheme-sample-caption = The sample of people who would leave
scheme-people-against = Clause that is against this person
scheme-people-for = Clauses that speak for this person
scheme-sample-read = I have looked up each of these people.
scheme-sample-mark = Mark the sample as read
scheme-people-all = All of them
scheme-people-none = Nobody.
scheme-people-page = Page { $number }
scheme-people-before = Page before
scheme-people-after = Next page

# Signing
scheme-sign-title = Sign a version
scheme-sign-text = You sign that this version comes into force. It does so only if another officer signs the same: the same file, the same back-test, the same day.
scheme-rollback-title = Take a version back
scheme-rollback-text = You sign that the version in force goes back. It is carried out once another officer signs the same.
scheme-terms = What you sign
scheme-terms-what = Order
scheme-terms-scheme = Scheme
scheme-terms-test = Back-test on which it rests
scheme-sign-day = In force from
scheme-sign-choose = Take this day
scheme-signed-already = You have signed this. Another officer must sign the same.
scheme-sign-here = Sign with the key of this browser
scheme-sign-here-text = Your key never leaves this browser. Only the signature is handed in.
scheme-sign-no-key = This browser holds no key of yours. You can make one here:
scheme-sign-button = Sign
scheme-sign-command = Sign with a key file
scheme-sign-command-text = Save this as terms.json on your own machine, run the command, and paste what it prints.
scheme-sign-order = The signed order
scheme-sign-hand-in = Hand in the signed order

# Keys made by a browser
keys-browser = With this browser
keys-browser-text = The browser makes a key and keeps its private part where no page can read it. Sign in with this browser on this machine when you want to sign.
keys-browser-make = Make a key in this browser
keys-browser-made = The key is made. Write its thumbprint down for your colleague, and then hand the key in below:
keys-machine = With a key file

# What was done
done-scheme-submitted = The version is handed in. Now test it on the roll.
done-scheme-test-begun = The back-test was started.
done-scheme-leavers-read = It is written down that you read the sample.
done-scheme-signed = Your signature was taken. A second officer must sign the same.
done-scheme-published = The version comes into force on its day.
done-scheme-taken-back = Two officers have signed. The order is carried out.

# Decisions by scheme, for the public
transparency-schemes = Decisions by scheme
transparency-schemes-text = What was decided about people in these days, and how it stands now. Nobody is removed without a notice, a reason and time to object.
transparency-schemes-none = Nothing was decided in these days.
transparency-scheme = Scheme
transparency-offered = Offered
transparency-entered = Entered
transparency-held = Payment held
transparency-removed = Removed
transparency-undone = Put right again
