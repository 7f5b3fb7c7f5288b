# समीक्षा, जीवन-घटनाओं और सूचियों के पेज, हिन्दी। en/review.ftl की सब कुंजियाँ यहाँ भी हैं; हर जगह पूरे वाक्य हैं।

nav-matching = किसकी बात है
nav-objections = काउंटर

# प्रतीक्षा में
review-title = समीक्षा
review-text = कोई कंप्यूटर किसी को सूची से नहीं हटाता। यहाँ जो मामले हैं, उन्हें किसी अधिकारी को स्वयं देखना होगा: प्रमाण देखें और लिखें कि आप ऐसा निर्णय क्यों ले रहे हैं।
review-none = किसी अधिकारी की प्रतीक्षा में कुछ नहीं है।
review-stopped = { $count ->
    [one] एक योजना रुकी हुई है, क्योंकि वह सामान्य से बहुत अधिक लोगों को हटाती।
   *[other] { $count } योजनाएँ रुकी हुई हैं, क्योंकि वे सामान्य से बहुत अधिक लोगों को हटातीं।
}
review-open = प्रमाण देखें
review-group-objections = आपत्तियाँ
review-group-objections-text = आपत्ति की अवधि रुकी हुई है। दो अलग-अलग अधिकारियों को एक ही बात कहनी होगी।
review-group-proposals = प्रस्ताव
review-group-proposals-text = कोई शर्त अब पूरी नहीं है। नागरिक को अभी कुछ नहीं लिखा गया है; पहले एक अधिकारी इसे देखेंगे।
review-group-looks = जिन्हें देखना है
review-group-looks-text = कुछ मेल नहीं खाता। कुछ छीना नहीं गया है, और आपके यहाँ लिखने से भी कुछ नहीं छीना जाएगा।
review-group-untold = जिन्हें बताया नहीं जा सका
review-group-untold-text = भुगतान रोका गया है और दो सप्ताह से कोई सूचना नहीं पहुँची है। सूचना पहुँचे बिना किसी को नहीं हटाया जाता: किसी को उनके घर जाना होगा।
review-group-stopped = सुरक्षा-सीमा से रुके हुए
review-group-stopped-text = ये एक साथ बहुत अधिक हैं। जब दो अधिकारी पूरी योजना के लिए हस्ताक्षर करेंगे, तब ये आगे बढ़ेंगे।

# आपत्ति की अवधि
review-clock-contested = आपत्ति पर सुनवाई बाकी है: आपत्ति की अवधि रुकी हुई है।
review-clock-runs = { $count ->
    [one] नागरिक { $day } तक आपत्ति कर सकते हैं: आज अंतिम दिन है।
   *[other] नागरिक { $day } तक आपत्ति कर सकते हैं: आज को मिलाकर { $count } दिन हैं।
}
review-clock-over = आपत्ति की अवधि पूरी हो गई है।
review-clock-none = अभी कोई अवधि नहीं चल रही है: कोई सूचना नहीं पहुँची है।
review-clock-not = यहाँ कोई अवधि नहीं चलती।

# एक निर्णय
review-case-title = निर्णय के प्रमाण
review-scheme = योजना
review-what = किस बारे में है
review-state = स्थिति
review-reason = कारण
review-clock = आपत्ति की अवधि
review-effective = कब से मान्य है
review-case-number = पत्रों पर लिखा मामला नंबर
review-number = हमारे रजिस्टर में नंबर
review-monthly = रुपये प्रति माह
review-matched = व्यक्ति की पहचान कैसे मिलाई गई, { 100 } में से अंक
review-changes = किससे यह बदल जाएगा
review-changes-on = शर्त “{ $name }” { $day } को अपने आप बदल जाएगी।
review-changes-if = यह निर्णय तब बदलेगा जब यह शर्त बदले: { $name }।
review-changes-none = यह अपने आप नहीं बदलेगा। सुधारा गया अभिलेख, रद्द की गई प्रविष्टि या जीवित होने का संकेत इसे बदल देगा।
review-decide = आपका निर्णय
review-four-eyes = आपत्ति दो अधिकारी सुनते हैं, और दोनों उस व्यक्ति से अलग होने चाहिए जिसने हटाने की पुष्टि की थी। जब तक दोनों एक ही बात नहीं कहते, कुछ नहीं बदलता।
review-first-upheld = { $name } ने कहा है कि हटाने का निर्णय बना रहे।
review-first-reversed = { $name } ने कहा है कि आपत्ति सही है।
review-own-word = आप अपनी बात कह चुके हैं। अब किसी दूसरे अधिकारी को आपत्ति सुननी होगी।
review-judge = आपका निष्कर्ष क्या है?
review-reverse = आपत्ति सही है: नागरिक सूची में बने रहेंगे और रोकी गई राशि पाएँगे।
review-uphold = आपत्ति सही नहीं है: हटाने का निर्णय बना रहेगा।
review-drop = प्रस्ताव छोड़ दिया जाए: नागरिक के लिए कुछ नहीं बदलेगा।
review-confirm = प्रस्ताव आगे बढ़े: सूचना भेजी जाएगी और नागरिक आपत्ति कर सकेंगे।
review-seen = मैंने इसे देख लिया है; कुछ नहीं छीना जाता।
review-why = आप ऐसा निर्णय क्यों ले रहे हैं?
review-why-text = एक या दो पूरे वाक्य लिखें। वे आपके खाते और समय के साथ विभाग में ही रहते हैं।
review-save = निर्णय सहेजें
review-clauses = शर्तें और तथ्य
review-clauses-none = यह किसी योजना की शर्तों से नहीं, बल्कि प्रणाली में पहले से रखे एक नियम से तय हुआ।
review-decisive = इसी से निर्णय हुआ
review-facts-none = इस शर्त के लिए कोई तथ्य ज्ञात नहीं है।
review-facts-unnamed = हस्ताक्षरित अभिलेख में इस शर्त के लिए किसी तथ्य का नाम नहीं है।
review-fact-source = स्रोत: { $name }
review-fact-since = { $day } से मान्य
review-fact-recorded = { $at } दर्ज हुआ
review-receipt = अभिलेख
review-receipt-own = हमारे अपने रजिस्टर से
review-events = जीवन-घटनाएँ
review-events-none = यह किसी घटना से नहीं हुआ।
review-event-received = { $at } पहुँची
review-notice = सूचना
review-notice-none = अभी कोई सूचना नहीं लिखी गई है।
review-notice-written = { $at } लिखी गई।
review-delivered = { $at } पहुँची।
review-by = { $name } ने दर्ज किया।
review-window-ends = आपत्ति का अंतिम दिन { $day } है।
review-undelivered = जहाँ तक हमें पता है, यह नहीं पहुँची है: किसी को नहीं हटाया जा सकता।
review-letter = पत्र छापें
review-deliver = आप कैसे जानते हैं कि सूचना पहुँच गई?
review-deliver-officer = मैंने उसे स्वयं सौंपा, या वह मेरे सामने सौंपी गई।
review-deliver-sms = छोटे संदेश की पहुँच-रिपोर्ट में ऐसा लिखा है।
review-deliver-text = आपके दर्ज करते ही आपत्ति की अवधि शुरू हो जाती है, और यह आपके नाम से दर्ज रहता है। वॉलेट यह अपने आप बता देता है।
review-deliver-save = दर्ज करें कि सूचना पहुँच गई
review-objection = आपत्ति
review-objection-none = किसी ने आपत्ति नहीं की है।
review-slip = पर्ची { $number }
review-no-words = कुछ कहा नहीं गया।
review-papers = दिखाए गए कागज़
review-papers-none = कोई कागज़ नहीं दिखाया गया।
review-to-counter = काउंटर पर आपत्ति दर्ज करें
review-reasons = अधिकारियों ने क्या लिखा
review-steps = हस्ताक्षरित अभिलेख
review-steps-text = हर कदम पर हस्ताक्षर हुए हैं, और उसकी डिजिटल छाप सार्वजनिक लॉग में है।
review-steps-caption = पहले से अंतिम तक
step-delivered = सूचना पहुँची
review-back = प्रतीक्षा की सूची पर वापस जाएँ
review-timeline = पूरा मामला समय-क्रम में

done-second-needed = आपकी बात दर्ज हो गई है। कुछ बदलने से पहले किसी दूसरे अधिकारी को भी यही कहना होगा।
done-heard-anew = पहले अधिकारी ने कुछ और कहा था। अब दो अधिकारी आपत्ति को नए सिरे से सुनेंगे।
done-decision-reversed = आपत्ति सही पाई गई। नागरिक सूची में बने रहेंगे और उन्हें बताया जाएगा।
done-decision-upheld = हटाने का निर्णय बना रहा। नागरिक को बताया जाएगा।
done-decision-dropped = मामला बंद कर दिया गया है। नागरिक के लिए कुछ नहीं बदलता।
done-decision-confirmed = प्रस्ताव आगे बढ़ गया है और नागरिक को बताया जाएगा।
done-notice-delivered = दर्ज हो गया है कि सूचना पहुँच गई। आपत्ति की अवधि चल रही है।
done-breaker-signed = आपके हस्ताक्षर हो गए हैं। किसी दूसरे अधिकारी को भी हस्ताक्षर करने होंगे।
done-breaker-released = दोनों के हस्ताक्षर हो गए हैं। योजना आगे बढ़ रही है।
done-matched = दर्ज हो गया है कि किसकी बात है।
done-matched-nobody = दर्ज हो गया है कि यह हमारे रजिस्टर के किसी व्यक्ति की बात नहीं है।
done-replayed = रुकी हुई घटनाएँ फिर से भेजी जा रही हैं।

action-offer = लाभ का प्रस्ताव
action-enrol = नाम जोड़ना
action-withdraw = लाभ का प्रस्ताव वापस लेना
action-hold = भुगतान रोकना
action-release = रोक हटाना
action-remove = सूची से हटाना
action-restore = फिर से जोड़ना
action-amend = बदलाव
action-flag = संकेत
action-review = अधिकारी से प्रश्न

state-proposed = प्रस्तावित
state-offered = लाभ का प्रस्ताव दिया गया
state-accepted = स्वीकार किया गया
state-declined = अस्वीकार किया गया
state-expired = समय निकल गया
state-withdrawn = छोड़ दिया गया
state-enrolled = नाम जुड़ा हुआ है
state-held = भुगतान रोका गया है
state-noticed = सूचना पहुँच गई है
state-contested = आपत्ति की गई है
state-upheld = हटाने का निर्णय बना रहा
state-removed = हटाया गया
state-reversed = आपत्ति सही पाई गई
state-released = रोक हटाई गई
state-restored = फिर से जोड़ा गया

reason-eligible = सभी शर्तें पूरी हैं
reason-death-registered = मृत्यु दर्ज हुई
reason-death-reported = मृत्यु की खबर मिली, दर्ज नहीं हुई
reason-alive-after-death = दर्ज मृत्यु के बाद जीवित होने का संकेत
reason-moved-out-of-state = राज्य से बाहर चले गए
reason-at-home-after-move = बाहर जाने के बाद घर पर उपस्थिति
reason-clause-false = कोई शर्त अब पूरी नहीं है
reason-head-of-household = अब से परिवार के मुखिया के रूप में नाम
reason-conflict = ऐसी शर्तें जिन पर केवल कोई अधिकारी निर्णय ले सकते हैं
reason-objection-upheld = आपत्ति सही थी
reason-death-annulled = मृत्यु की प्रविष्टि रद्द हुई
reason-declined = नागरिक ने मना किया
reason-next-ended = बाद वाली योजना से अब भुगतान नहीं होता

clause-true = यह बात सही है
clause-false = यह बात सही नहीं है
clause-unknown = यह बात ज्ञात नहीं है

evidence-wallet = उनके वॉलेट ने पुष्टि की।
evidence-sms-report = छोटे संदेश की पहुँच-रिपोर्ट में ऐसा लिखा है।
evidence-officer = वह एक अधिकारी के सामने सौंपी गई।

channel-wallet = वॉलेट:
channel-mail = ईमेल:
channel-sms = छोटा संदेश:
channel-letter = पत्र:

way-waiting = रास्ते में है
way-printed = छप गया है, अभी सौंपा नहीं गया
way-delivered = पहुँच गया
way-parked = अधिकारी के देखने तक भेजना छोड़ दिया गया है

route-wallet = उनके वॉलेट से
route-counter = काउंटर पर
route-operator = सेवा केंद्र के संचालक की मदद से

# घटनाएँ
event-birth-registered = जन्म दर्ज हुआ
event-birth-annulled = जन्म की प्रविष्टि रद्द हुई
event-birth-stillbirth = मृत जन्म
event-death-reported = मृत्यु की खबर मिली
event-death-registered = मृत्यु दर्ज हुई
event-death-annulled = मृत्यु की प्रविष्टि रद्द हुई
event-age-attained = आयु पूरी हुई
event-age-revised = आयु सुधारी गई
event-marriage-registered = विवाह दर्ज हुआ
event-marriage-ended = विवाह समाप्त हुआ
event-residence-moved = निवास बदला
event-household-changed = परिवार में बदलाव
event-person-corrected = विवरण सुधारा गया
event-person-merged = दो प्रविष्टियाँ मिलाकर एक की गईं
event-person-split = एक प्रविष्टि दो में बाँटी गई
event-presence-confirmed = उपस्थिति का संकेत

fact-person-birth-date = जन्मतिथि
fact-person-birth-year = जन्म वर्ष
fact-person-attained = पूरी हुई आयु
fact-person-sex = लिंग
fact-person-alive = जीवित होना
fact-person-death-date = मृत्यु का दिन
fact-person-marital-status = वैवाहिक स्थिति
fact-person-state-code = निवास का राज्य
fact-person-district = ज़िला
fact-person-native-state = मूल राज्य
fact-person-category = वर्ग
fact-person-enrolled-school = विद्यालय में नामांकन
fact-household-bpl = गरीबी रेखा से नीचे होना
fact-household-members = परिवार के सदस्य
fact-household-income-tax-payer = परिवार में आयकर देने वाला सदस्य
fact-household-government-employee = परिवार में सरकारी कर्मचारी
fact-household-public-office = परिवार में सार्वजनिक पद पर सदस्य
fact-benefits = दूसरे लाभ

# काउंटर
objections-title = काउंटर पर आपत्ति
objections-text = उनके लिए जो स्वयं आए हैं, चाहे उनके पास फ़ोन हो या नहीं। दोनों नंबर पत्र से लें।
objections-case = पत्र पर लिखा मामला नंबर
objections-number = हमारे विभाग में उनका नंबर, जो पत्र पर लिखा है
objections-find = निर्णय खोजें
objections-words = वे क्या कहते हैं?
objections-words-text = उन्हीं के शब्दों में, जैसा वे कहें; इसे खाली भी छोड़ा जा सकता है। लिखने के बाद उन्हें पढ़कर सुनाएँ।
objections-papers = वे कौन-से कागज़ दिखाते हैं?
objections-papers-text = हर पंक्ति में एक, जैसे “जीवन प्रमाणपत्र, तहसीलदार धमतरी, 12 नवंबर 2026”। इसे खाली भी छोड़ा जा सकता है: आपत्ति के लिए कागज़ ज़रूरी नहीं हैं।
objections-enter = आपत्ति दर्ज करें और पर्ची बनाएँ
objections-another = दूसरा पत्र
objections-taken = आपत्ति ले ली गई है: आपत्ति की अवधि रुक गई है और दो अधिकारी इसे सुनेंगे। पर्ची छापकर उन्हें दें।
objections-qr = इस पर्ची का कोड
objections-receipt = हस्ताक्षरित अभिलेख की डिजिटल छाप
objections-print = पर्ची छापें
objection-slip-title = आपत्ति की पर्ची

slip-title = आपकी आपत्ति ले ली गई है
slip-taken = { $name } ने { $at } आपकी आपत्ति ली।
slip-against = यह { $name } से आपका नाम हटाए जाने के विरुद्ध है।
slip-case = आपका मामला नंबर { $number } है।
slip-number = इस पर्ची का नंबर { $number } है।
slip-paper = आपने यह कागज़ दिखाया: { $name }।
slip-next = जब तक आपकी आपत्ति पर निर्णय नहीं होता, आपका नाम नहीं हटाया जाएगा। दो ऐसे अधिकारी आपकी बात सुनेंगे जिन्होंने यह प्रस्ताव नहीं रखा था, और आपको बताया जाएगा कि उन्होंने क्या पाया।
slip-keep = इस पर्ची को संभालकर रखें। इस पर { $name } के हस्ताक्षर हैं, और इसका कोड सार्वजनिक लॉग में है।

# पत्र
letter-title = सौंपने के लिए पत्र
letter-text = इसे छापें, सौंपें, और उसके बाद दर्ज करें कि यह पहुँच गया। केवल छापने से कोई अवधि शुरू नहीं होती।
letter-print = पत्र छापें
letter-back = निर्णय पर वापस जाएँ
letter-qr = इस सूचना का कोड
letter-for = हमारे रजिस्टर में नंबर { $number } वाले नागरिक के लिए।
letter-until = आप { $day } तक आपत्ति कर सकते हैं।
letter-days = { $count ->
    [one] यह पत्र मिलने के दिन से एक दिन के भीतर आप आपत्ति कर सकते हैं।
   *[other] यह पत्र मिलने के दिन से { $count } दिन के भीतर आप आपत्ति कर सकते हैं।
}
letter-case = मामला नंबर { $number }
letter-notice = सूचना नंबर { $number }
letter-signature = सौंपने की तारीख और हस्ताक्षर:

# पंचायत या वार्ड के लिए सूचियाँ
places-title = स्थान के अनुसार सौंपी जाने वाली सूचनाएँ
places-open = पंचायतों और वार्डों के लिए सूचियाँ छापें
places-text = इन लोगों को अब तक यह सूचना नहीं मिली है कि उनका लाभ बंद हो सकता है। हर स्थान को उसकी सूची पत्रों के साथ दें। जिन्हें सूचना मिल जाए, उनमें से हर एक के लिए दर्ज करें कि सूचना पहुँच गई: आपत्ति करने की उनकी अवधि तभी शुरू होती है। केवल सूची छापने से कोई अवधि शुरू नहीं होती।
places-none = जिन्हें सूचना देनी थी, उन सबको मिल चुकी है।
places-place = पंचायत या वार्ड: { $name }
places-nowhere = पंचायत या वार्ड की जानकारी नहीं है
places-duty = { $name }, { $day }। कृपया पत्र स्वयं हाथ में दें और जिन्हें दें, उनसे हस्ताक्षर लें। पत्र मिलने और आपत्ति की अवधि पूरी होने से पहले किसी का नाम नहीं हटाया जाता। यह सूची सार्वजनिक जगह पर न लगाएँ।
places-number = नंबर
places-name = नाम
places-scheme = योजना
places-payment = भुगतान
places-days = आपत्ति के लिए दिन
places-case = मामला नंबर
places-signature = सौंपने की तारीख, हस्ताक्षर या अँगूठे का निशान
places-household = परिवार को
places-more = इन सूचियों में सबके नाम नहीं आ सके। जब इन लोगों को सूचना मिल जाए, तब सूचियाँ फिर छापें।
places-held = रोका गया है
places-goes-on = चालू है
places-print = सूचियाँ छापें
places-back = प्रतीक्षा की सूची पर वापस जाएँ

# सुरक्षा-रोक
breakers-title = रुकी हुई योजनाएँ
breakers-text = जब कोई योजना एक साथ सामान्य से बहुत अधिक लोगों को हटाने वाली होती है, तब वह अपने आप रुक जाती है। हस्ताक्षर करने से पहले कारण जानें। जब दो अलग-अलग अधिकारी हस्ताक्षर करते हैं, तब वह आगे बढ़ती है।
breakers-none = कोई योजना रुकी हुई नहीं है।
breakers-since = कब से रुकी है
breakers-removals = एक दिन में हटाए जाने वाले लोग
breakers-roll = सूची में लोग
breakers-waiting = प्रतीक्षा में लोग
breakers-first = { $name } ने हस्ताक्षर किए हैं कि यह { $number } लोगों के लिए आगे बढ़ सकती है।
breakers-people = यह कितने लोगों के लिए आगे बढ़ सकती है?
breakers-people-text = दोनों एक ही संख्या पर, एक दिन के लिए, हस्ताक्षर करते हैं। इससे एक भी व्यक्ति अधिक होने पर यह फिर रुक जाती है।
breakers-own = आपके हस्ताक्षर हो गए हैं। किसी दूसरे अधिकारी को भी हस्ताक्षर करने होंगे।
breakers-certain = मैंने देख लिया है कि इतने लोग क्यों हैं, और उन्हें हटाना सही है।
breakers-sign = हस्ताक्षर करें कि योजना { $name } आगे बढ़ सकती है

# किसकी बात है
matching-title = किसकी बात है
matching-text = इन जीवन-घटनाओं में हमारे रजिस्टर के किसी व्यक्ति की पक्की पहचान नहीं हुई। कुछ नहीं किया गया है। तभी बताएँ कि किसकी बात है जब आपको पूरा विश्वास हो; केवल नाम और जन्म वर्ष काफ़ी नहीं हैं।
matching-none = निर्णय की प्रतीक्षा में कोई नहीं है।
matching-unmatched = हमारे रजिस्टर में इस व्यक्ति से कोई जुड़ा हुआ नहीं है।
matching-ambiguous = यहाँ किसी का नाम और जन्म वर्ष यही है। इतने पर कुछ नहीं किया जा सकता।
matching-name = बताया गया नाम
matching-birth-year = बताया गया जन्म वर्ष
matching-unknown = नहीं बताया गया
matching-source = किसने बताया
matching-since = कब से प्रतीक्षा में
matching-candidates = यहाँ यही नाम और जन्म वर्ष
matching-who = किसकी बात है?
matching-somebody = नीचे लिखे नंबर वाले व्यक्ति की; मैंने दोनों को मिला लिया है और मुझे पूरा विश्वास है।
matching-nobody = हमारे रजिस्टर में किसी की नहीं।
matching-number = हमारे रजिस्टर में नंबर
matching-save = सहेजें
person-subject = व्यक्ति स्वयं
person-mother = माता
person-father = पिता
person-spouse = पति या पत्नी
person-head = परिवार के मुखिया
person-survivor = बनी रहने वाली प्रविष्टि
person-parted = दूसरी प्रविष्टि

# जीवन-घटनाएँ
triggers-title = जीवन-घटनाएँ
triggers-text = पिछले { 30 } दिनों में कितनी घटनाएँ बताई गईं और हर एक कहाँ तक पहुँची। यहाँ किसी का नाम नहीं है।
triggers-heard = दूसरों ने हमें क्या बताया
triggers-told = हमने दूसरों को क्या बताया
triggers-caption = { $name } के साथ
triggers-stage = चरण
triggers-number = घटनाएँ
stage-told = बताई गईं
stage-acknowledged = मिलने की पुष्टि हुई
stage-applied = लागू हुईं
stage-settled = इनमें से: निपट गईं
stage-unmatched = इनमें से: किसी की पक्की पहचान नहीं हुई
stage-contradicted = इनमें से: विरोधाभास मिला
triggers-sources = स्रोत
triggers-sources-none = हमें किसी विभाग से घटनाएँ नहीं मिलतीं।
triggers-sources-caption = कौन-सा स्रोत सामान्य है और कौन-सा नहीं
triggers-source = स्रोत
triggers-band = उसका दिन कैसा रहा
triggers-today = पिछले { 24 } घंटे
triggers-waiting = प्रतीक्षा में
triggers-head = अंतिम संकेत
triggers-equivocations = उसके अपने विरोधाभास
band-usual = सामान्य
band-many = सामान्य से बहुत अधिक
band-few = सामान्य से बहुत कम
band-silent = मौन
triggers-feeds = हमारी भेजी हुई घटनाएँ
triggers-feeds-none = हमसे किसी को घटनाएँ नहीं मिलतीं।
triggers-feeds-caption = हमसे किसे घटनाएँ मिलती हैं और क्या नहीं पहुँचा
triggers-subscriber = पाने वाला विभाग
triggers-last = अंतिम क्रमांक
triggers-parked = रुकी हुई
triggers-next = अगला प्रयास
triggers-well = आवश्यकता नहीं
triggers-parked-text = कुछ घटनाओं के मिलने की पुष्टि तीन दिन से नहीं हुई है। वे खोई नहीं हैं; दूसरी ओर सब ठीक होने पर उन्हें फिर से भेजें।
triggers-replay = { $name } को फिर से भेजें
triggers-cases = सबसे नए मामले
triggers-cases-none = अभी तक किसी घटना की सूचना नहीं मिली है।
trigger-case-title = मामले का समय-क्रम
trigger-case-text = क्या सूचना मिली और यहाँ उससे क्या हुआ। किसी का नाम नहीं है।
trigger-case-open = प्रमाण खोलें ({ $number })
trigger-case-back = जीवन-घटनाओं पर वापस जाएँ
trigger-from = स्रोत: { $name }।
trigger-applied = { $name }: स्रोत को परिणाम बताया गया
applied-settled = निपट गई।
applied-unmatched = यहाँ किसी की पक्की पहचान नहीं हुई।
applied-contradicted = यहाँ ज्ञात कोई बात इसके विरुद्ध है।

# सूचियाँ
rolls-title = सूचियाँ और उनकी बही
rolls-text = हर सूची के साथ एक बही है: यहाँ तय हुआ हर बदलाव, शृंखला में और हस्ताक्षर के साथ। आप कभी भी दोनों को मिला सकते हैं।
rolls-none = यहाँ कोई सूची खुली नहीं है।
rolls-entries = बही की प्रविष्टियाँ
rolls-entries-none = अभी कोई नहीं
rolls-head = सबसे नया हस्ताक्षरित छोर
rolls-head-covers = प्रविष्टि { $number } तक,
rolls-head-none = अभी किसी पर हस्ताक्षर नहीं हुए
rolls-looked = पिछली बार कब मिलाया गया
rolls-looked-never = अभी तक नहीं
rolls-outside = दूसरों ने क्या बदला
rolls-outside-none = कुछ नहीं मिला
rolls-outside-entry = प्रविष्टि { $number },
rolls-verify = { $name } का मिलान अभी करें
rolls-compared = { $name } का मिलान
rolls-whole = बही पूरी है, और सूची वैसी ही है जैसी बही बताती है।
rolls-findings = { $count ->
    [one] एक बात वैसी नहीं है जैसी होनी चाहिए।
   *[other] { $count } बातें वैसी नहीं हैं जैसी होनी चाहिए।
}
rolls-findings-text = डेटाबेस और बैकअप को जैसा है वैसा ही रखें और पता करें कि उन्हें किसने बदला।
rolls-large = बहुत बड़ी सूचियों के लिए यह कमांड चलाएँ
finding-edited = बही की प्रविष्टि { $number } बदली गई है।
finding-missing = बही की प्रविष्टियाँ { $number } गायब हैं।
finding-unlinked = प्रविष्टि { $number } अपने से पहले वाली प्रविष्टि से नहीं जुड़ती।
finding-head-disagrees = प्रविष्टि { $number } पर बही अपने हस्ताक्षरित छोर से मेल नहीं खाती।
finding-row-changed-outside = सूची की पंक्ति { $number } दूसरों ने बदली है।
finding-row-missing = सूची की पंक्ति { $number } गायब है।
finding-between = यह { $at } और { $day } के बीच हुआ।
finding-before = यह { $at } पाया गया; पहले की स्थिति का कोई प्रमाण नहीं है।
