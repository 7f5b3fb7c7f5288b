# Notices to citizens: a title, whole sentences for mail, letter and wallet, and a short form for a message of 160 characters or little more.
# $department tells; $peer, $asker and $provider are other departments; $dataset, $law and $purpose are names from the registers.

notice-use-given-title = { $peer } received information about you
notice-use-given-body = { $department } gave { $peer } the following information about you: { $dataset }. The purpose: { $purpose }
notice-use-given-short = { $department } gave { $peer } information about you: { $dataset }. You can see it in your wallet.

notice-use-received-title = { $department } received information about you
notice-use-received-body = { $department } received the following information about you from { $peer }: { $dataset }. The purpose: { $purpose }
notice-use-received-short = { $department } received information about you from { $peer }: { $dataset }. You can see it in your wallet.

notice-summary-title =
    { $uses ->
        [one] Your data was used once in one week
       *[other] Your data was used { $uses } times in one week
    }
notice-summary-body =
    { $uses ->
        [one] From { $from } to { $until }, { $department } took part in one use of your data. Your wallet shows who used what, and why.
       *[other] From { $from } to { $until }, { $department } took part in { $uses } uses of your data. Your wallet shows who used what, and why.
    }
notice-summary-short =
    { $uses ->
        [one] { $department }: one use of your data from { $from } to { $until }. See your wallet.
       *[other] { $department }: { $uses } uses of your data from { $from } to { $until }. See your wallet.
    }

notice-break-glass-title = Your data was opened in an emergency
notice-break-glass-body = An officer of { $asker } asked { $provider } for information about you ({ $dataset }) without your consent, because the officer stated an emergency. The law used: { $law }. Another officer must review this within one day, and we will tell you the result. If there was no emergency, please object.
notice-break-glass-short = { $asker } opened your data ({ $dataset }) in an emergency without your consent. It will be reviewed within one day. If there was no emergency, please object.

notice-break-glass-reviewed-upheld-title = The emergency use of your data was found to be right
notice-break-glass-reviewed-upheld-body = A second officer of { $asker } has reviewed the emergency use of your data and found that it was right. If you do not agree, you may object.
notice-break-glass-reviewed-upheld-short = { $asker } has reviewed the emergency use of your data and found it right. You may object.

notice-break-glass-reviewed-rejected-title = The emergency use of your data was found to be wrong
notice-break-glass-reviewed-rejected-body = A second officer of { $asker } has reviewed the emergency use of your data and found that it was wrong. You may ask { $asker } what it will do about it.
notice-break-glass-reviewed-rejected-short = { $asker } has reviewed the emergency use of your data and found it wrong. You may ask what will be done.

notice-erased-title = Information about you was erased
notice-erased-body = { $department } has erased the information about you that it had received from { $provider }: { $dataset }. A signed record of this stands in your wallet, under “Who used my data”.
notice-erased-short = { $department } has erased the information about you from { $provider }: { $dataset }.

notice-erasure-overdue-title = Information about you has not been erased in time
notice-erasure-overdue-body = { $department } should have erased the information about you that it had received from { $provider }: { $dataset }. One of its systems has not confirmed this for three days. The department has been alarmed, and you may complain.
notice-erasure-overdue-short = { $department } has not yet erased information about you from { $provider }: { $dataset }. You may complain.

notice-consent-asked-title = A department asks for your permission
notice-consent-asked-body = { $department } would like to know something about you from { $provider }, to see whether { $scheme } is for you: { $dataset }. Purpose: { $purpose } It asks only with your permission. You can read the request in your wallet and say yes or no until { $until }. If you do not answer, nothing is taken from you.
notice-consent-asked-short = { $department } asks for your permission to learn something about you from { $provider } for { $scheme }. You can answer in your wallet until { $until }.

notice-hold-title = Your payment is on hold
notice-hold-body = { $department } has put your payment on hold, because { $source } reported an event about you. Nothing has been taken away: if the report is wrong, the payment goes on and you receive what was held back. Please come to the department, or object in your wallet.
notice-hold-short = { $department } has put your payment on hold because of a report by { $source }. If it is wrong, please object.
notice-why-elsewhere = The department shows you the decision, where it stands.
notice-decision-hold-title = Your payment is on hold
notice-decision-hold-body = { $department } has put your payment under { $scheme } on hold. The reason: { $why } You will be taken off only if you do not object within { $days } days from the day on which this reaches you. If the record is wrong, object in your wallet, at the department or through an assisted operator: the payment goes on and you receive what was held back. Case { $case }.
notice-decision-hold-short = { $department } has put your payment on hold. { $why } If it is wrong, object within { $days } days. Case { $case }.
notice-decision-removal-title = You may lose a benefit unless you object
notice-decision-removal-body = { $department } finds that { $scheme } is to end for you. The reason: { $why } The payment goes on for now. You will be taken off only if you do not object within { $days } days from the day on which this reaches you. Object in your wallet, at the department or through an assisted operator. Case { $case }.
notice-decision-removal-short = { $department }: you may be taken off { $scheme }. { $why } Object within { $days } days. Case { $case }.
notice-decision-replaced-title = One payment has taken the place of another
notice-decision-replaced-body = { $department } now pays you under another scheme. So that no day is paid twice, the payment under { $scheme } is on hold. The reason: { $why } You will be taken off { $scheme } only when your time to object is over. If the record is wrong, object in your wallet, at the department or through an assisted operator: if you are right, the payment under { $scheme } goes on, and you receive what the other scheme did not pay you meanwhile. Case { $case }.
notice-decision-replaced-short = { $department } now pays you under another scheme; the payment under { $scheme } is on hold. If this is wrong, object. Case { $case }.
notice-decision-resumed-title = Your payment goes on
notice-decision-resumed-body = { $department } pays you under { $scheme } again, because it does not pay you under the other scheme now. The removal from { $scheme } that you were told of, and your time to object, stay as they are. Case { $case }.
notice-decision-resumed-short = { $department } pays you under { $scheme } again; the removal that you were told of stays as it is. Case { $case }.
notice-decision-offer-title = A benefit is offered to you
notice-decision-offer-body = { $department } finds that you are entitled to { $scheme }. It starts when you accept, in your wallet or at the department, until { $until }. You need not bring any papers. Case { $case }.
notice-decision-offer-short = { $department } offers you { $scheme }. Accept until { $until }. Case { $case }.
notice-decision-enrolled-title = You are enrolled
notice-decision-enrolled-body = { $department } has entered you in { $scheme }. If the law entered you without an application, you may decline with effect from the start. Case { $case }.
notice-decision-enrolled-short = { $department } has entered you in { $scheme }. Case { $case }.
notice-decision-withdrawn-title = An offer was taken back
notice-decision-withdrawn-body = { $department } has taken back its offer of { $scheme }, because what it rested on no longer holds. Nothing is claimed back from you. Case { $case }.
notice-decision-withdrawn-short = { $department } has taken back its offer of { $scheme }. Case { $case }.
notice-decision-released-title = Your payment goes on
notice-decision-released-body = { $department } has lifted the hold on your payment under { $scheme }. You receive what was held back. Case { $case }.
notice-decision-released-short = { $department }: your payment under { $scheme } goes on. Case { $case }.
notice-decision-reversed-title = Your objection was right
notice-decision-reversed-body = { $department } has heard your objection and keeps you in { $scheme }. You receive what was held back. Case { $case }.
notice-decision-reversed-short = { $department }: your objection was right; you stay in { $scheme }. Case { $case }.
notice-decision-upheld-title = Your objection was heard
notice-decision-upheld-body = Two officers of { $department } have heard your objection. They find that the removal from { $scheme } stands. The reason: { $why } It is not carried out before your time to object is over. If you have more to say, say it in your wallet, at the department or through an assisted operator: it is heard again. Case { $case }.
notice-decision-upheld-short = { $department }: your objection was heard; the removal from { $scheme } stands. Case { $case }.
notice-decision-removed-title = You were taken off
notice-decision-removed-body = { $department } has taken you off { $scheme }. The reason: { $why } If this is wrong, object in your wallet, at the department or through an assisted operator: two officers hear it, and if you are right you are put back and receive what you missed. Case { $case }.
notice-decision-removed-short = { $department } has taken you off { $scheme }. Case { $case }.
notice-decision-restored-title = You are back
notice-decision-restored-body = { $department } has put you back in { $scheme } as if you had never been gone. You receive what you missed. Case { $case }.
notice-decision-restored-short = { $department } has put you back in { $scheme }. Case { $case }.

notice-foot = The number of this notice is { $id }. Please name it if you ask about it at { $department }.
letter-number = Number at { $department }: { $number }
letter-date = Date: { $date }
letter-handed-over = Handed over on (date), signature of the officer:
