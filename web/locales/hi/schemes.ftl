# योजनाओं के पेज, हिन्दी। en/schemes.ftl की सब कुंजियाँ यहाँ भी हैं; हर जगह पूरे वाक्य हैं।

schemes-title = योजनाएँ
schemes-text = योजना क्रमांकित शर्तों की एक फ़ाइल है। कोई संस्करण तभी लागू होता है जब उसकी जाँच हो चुकी हो, आपकी अपनी सूची पर परख हो चुकी हो और दो अधिकारी हस्ताक्षर कर चुके हों।
schemes-none = अभी तक कोई योजना जमा नहीं की गई है।
schemes-new = नई योजना लिखें
schemes-caption = { $name } के संस्करण, सबसे नया पहले
schemes-version = संस्करण
schemes-from = कब से लागू
schemes-signed = किसने हस्ताक्षर किए
schemes-nobody = अभी किसी ने नहीं
schemes-state-submitted = जमा है, अभी परखा नहीं गया
schemes-state-tested = परखा गया है, हस्ताक्षर बाकी हैं
schemes-state-scheduled = आदेश हो चुका है, दिन अभी नहीं आया
schemes-state-in-force = लागू है
schemes-state-superseded = अब लागू नहीं है

scheme-title = योजना का संस्करण
scheme-version = संस्करण { $number }
scheme-submitted-by = किसने जमा किया
scheme-hash = फ़ाइल की डिजिटल छाप
scheme-steps = फ़ाइल से लागू होने तक
scheme-step-clean = फ़ाइल में कोई त्रुटि नहीं है, और उसके सभी { $number } उदाहरण सही निकले।
scheme-step-unclean = फ़ाइल में त्रुटियाँ हैं। उन्हें नए संस्करण में ठीक करें।
scheme-step-test = सूची पर परखें
scheme-step-tested = सूची पर परख हो चुकी है:
scheme-step-nobody-leaves = सूची से कोई नहीं हटेगा।
scheme-step-read = हटने वाले लोगों का नमूना पढ़ें
scheme-step-was-read = हटने वाले लोगों का नमूना { $name } ने पढ़ लिया है।
scheme-step-signed-by = { $name } ने हस्ताक्षर किए हैं।
scheme-step-from = यह { $day } से मान्य है।
scheme-step-sign = दो अधिकारियों में से एक के रूप में हस्ताक्षर करें
scheme-step-publish = दो अधिकारियों के हस्ताक्षर के बाद लागू करें
scheme-publish = लागू करें
scheme-edit-next = इससे अगला संस्करण लिखें
scheme-take-back = यह संस्करण वापस लें
scheme-taking-back = { $name } ने इस पर हस्ताक्षर किए हैं कि लागू संस्करण वापस लिया जाए। दूसरे अधिकारी के भी इसी पर हस्ताक्षर करने पर यह पूरा होगा।
scheme-clauses = शर्तें
scheme-clause-include = पूरी होनी चाहिए
scheme-clause-exclude = लागू नहीं होनी चाहिए
scheme-clause-officer = लागू नहीं होनी चाहिए, नहीं तो अधिकारी देखेंगे
scheme-clause-same = जैसी लागू है
scheme-clause-changed = बदली हुई
scheme-clause-new = नई
scheme-clause-gone = अब इसमें नहीं है
scheme-clause-ref = कानूनी संदर्भ:
scheme-examples = फ़ाइल के भीतर के उदाहरण
scheme-examples-caption = हर उदाहरण अभी चलाया गया है
scheme-example = उदाहरण
scheme-example-day = दिन
scheme-example-outcome = क्या निकला
scheme-example-result = परिणाम
scheme-example-passes = सही
scheme-example-fails = गलत
scheme-file = फ़ाइल, पंक्ति दर पंक्ति
scheme-lines = फ़ाइल, पंक्ति दर पंक्ति
scheme-history = अब तक के आदेश
scheme-order-publish = संस्करण { $number } लागू होता है।
scheme-order-rollback = संस्करण { $number } फिर से लागू होता है।
scheme-order-withdraw = संस्करण { $number } अब लागू नहीं रहता, और उसके बाद कोई संस्करण लागू नहीं होता।
scheme-back = सब योजनाओं पर वापस जाएँ
scheme-back-to-version = इस संस्करण पर वापस जाएँ
scheme-back-to-test = परख पर वापस जाएँ
outcome-eligible = पात्र
outcome-not_yet = अभी नहीं
outcome-not_eligible = अपात्र
outcome-unknown = ज्ञात नहीं
outcome-conflict = अधिकारी के लिए

scheme-edit-title = योजना का संस्करण लिखें
scheme-edit-text = फ़ाइल लिखें या बदलें, और उसकी जाँच कराएँ। जाँच में कुछ भी सहेजा नहीं जाता। जो आप जमा करते हैं, वह अपने क्रमांक के साथ सदा रखा जाता है; बाद का हर बदलाव नया संस्करण होता है।
scheme-edit-file = योजना की फ़ाइल
scheme-lint = फ़ाइल की जाँच करें
scheme-submit = संस्करण के रूप में जमा करें
lint-found = { $count ->
    [one] { $count } त्रुटि ठीक करनी है
   *[other] { $count } त्रुटियाँ ठीक करनी हैं
}
lint-clean = फ़ाइल ठीक है
lint-line = पंक्ति { $number }
lint-error = त्रुटि:
lint-warning = इसे देखें:
lint-age-in-expression = आयु का हिसाब सूत्र के भीतर लगाया गया है
lint-ages-overlap = दो स्तरों की आयु-सीमाएँ आपस में टकराती हैं
lint-bad-value = यह मान यहाँ नहीं चल सकता
lint-class-unknown = इस वर्ग की कोई योजना ज्ञात नहीं है
lint-example-fails = एक उदाहरण का परिणाम वह नहीं है जो उसमें लिखा है
lint-expression = सूत्र पढ़ा नहीं जा सकता
lint-missing-key = एक आवश्यक बात लिखी नहीं गई है
lint-no-breaker = बड़ी संख्या में हटाने को रोकने वाली सीमा नहीं है
lint-no-false-example = कोई उदाहरण नहीं दिखाता कि यह शर्त कब पूरी नहीं होती
lint-no-include = किसी शर्त से कोई भी पात्र नहीं बनता
lint-no-legal-basis = लोग बिना कानूनी आधार के जुड़ जाएँगे
lint-no-max-age = यह नहीं लिखा है कि यह तथ्य कितना पुराना हो सकता है
lint-no-reference = कानूनी संदर्भ नहीं लिखा है
lint-no-text = अंग्रेज़ी या हिन्दी का पाठ नहीं लिखा है
lint-no-true-example = कोई उदाहरण नहीं दिखाता कि यह शर्त कब पूरी होती है
lint-no-unknown-example = कोई उदाहरण नहीं दिखाता कि जानकारी न होने पर क्या होता है
lint-no-day-after-example = आयु पूरी होने के अगले दिन का कोई उदाहरण नहीं है
lint-no-day-before-example = आयु पूरी होने से एक दिन पहले का कोई उदाहरण नहीं है
lint-no-day-example = जिस दिन आयु पूरी होती है उस दिन का कोई उदाहरण नहीं है
lint-one-condition = हर शर्त में ठीक एक ही कसौटी होती है
lint-repeated-id = यह क्रमांक दो बार लिखा है
lint-reported-death = जिस मृत्यु की केवल खबर मिली है, वह केवल संकेत हो सकती है
lint-toml = फ़ाइल सही ढंग से नहीं लिखी गई है
lint-too-long = फ़ाइल बहुत लंबी है
lint-unknown-fact = इस नाम का कोई तथ्य नहीं है
lint-unknown-key = योजना में ऐसा कोई शब्द नहीं होता
lint-wrong-type = यह मान दूसरे प्रकार का है
lint-other = इसे देखना होगा

scheme-test-title = अपनी सूची पर परख
scheme-test-text = यदि यह संस्करण लागू होता तो क्या होता? परख से कुछ भी नहीं बदलता। जो तथ्य दूसरे विभागों के पास हैं, वे यहाँ नहीं माँगे जाते, इसलिए वे ज्ञात नहीं माने जाते।
scheme-test-begin = परख शुरू करें
scheme-test-once-more = एक बार फिर परखें
scheme-test-running = परख चल रही है
scheme-test-progress = अब तक देखे गए लोग
scheme-test-again = फिर से देखें
scheme-test-failed = पिछली परख पूरी नहीं हो सकी।
scheme-test-broken-off = पिछली परख बीच में ही रुक गई। उसे फिर से शुरू करें।
scheme-test-of = { $at } की परख
scheme-test-day = परख { $day } के बारे में है।
scheme-test-people = { $count ->
    [one] { $count } व्यक्ति को देखा गया।
   *[other] { $count } लोगों को देखा गया।
}
scheme-test-on-roll = { $count ->
    [one] उनमें से { $count } को आज लाभ मिल रहा है।
   *[other] उनमें से { $count } को आज लाभ मिल रहा है।
}
scheme-test-breaker = इतने अधिक लोग हटते कि सुरक्षा-सीमा इसे रोक देती। आगे बढ़ने के लिए दो अधिकारियों की अनुमति चाहिए होगी।
movement-enter = जुड़ेंगे
movement-leave = हटेंगे
movement-stay = बने रहेंगे
movement-out = बाहर ही रहेंगे
movement-unknown = ज्ञात नहीं, कुछ नहीं होगा
movement-officer = अधिकारी देखेंगे
scheme-see-leavers = कौन हटेगा, एक-एक करके देखें
scheme-see-enterers = कौन जुड़ेगा, एक-एक करके देखें
scheme-why-leave = किन शर्तों के कारण लोग हटेंगे
scheme-why-unknown = किन शर्तों के बारे में पता नहीं कि वे पूरी हैं या नहीं
scheme-nothing-unknown = निर्णय के लिए जो चाहिए वह सब ज्ञात है।
scheme-difference = लागू संस्करण से अंतर
scheme-difference-none = इस योजना का कोई संस्करण लागू नहीं है, इसलिए तुलना के लिए कुछ नहीं है।
difference-gains = केवल इस संस्करण से पात्र
difference-loses = केवल लागू संस्करण से पात्र
difference-same = दोनों से एक जैसा
difference-less-certain = अब तक निश्चित था, अब निश्चित नहीं
difference-more-certain = अब तक निश्चित नहीं था, अब निश्चित है
scheme-by-district = ज़िले के अनुसार
scheme-by-sex = लिंग के अनुसार
scheme-by-category = वर्ग के अनुसार
scheme-twin-district = ज़िले के अनुसार संख्याएँ
scheme-twin-sex = लिंग के अनुसार संख्याएँ
scheme-twin-category = वर्ग के अनुसार संख्याएँ
group-district = ज़िला
group-sex = लिंग
group-category = वर्ग
scheme-group-unknown = ज्ञात नहीं
scheme-group-other = बाकी सब मिलाकर
scheme-group-female = महिलाएँ
scheme-group-male = पुरुष

scheme-leavers-title = कौन हटेगा
scheme-enterers-title = कौन जुड़ेगा
scheme-people-text = यहाँ लोग आपके अपने रजिस्टर के नंबर से दिखाए गए हैं। आपने यह सूची देखी, यह कार्य-अभिलेख में दर्ज होता है।
scheme-sample = { $count ->
    [one] नमूना: { $count } व्यक्ति
   *[other] नमूना: { $count } लोग
}
scheme-sample-text = जिनका लाभ बंद हो जाता, उन सबमें से ये लोग लॉटरी से चुने गए हैं। हस्ताक्षर से पहले हर एक को अपने रजिस्टर में देखें: क्या शर्त की बात इस व्यक्ति के बारे में सच है?
scheme-sample-caption = हटने वाले लोगों का नमूना
scheme-people-against = इस व्यक्ति के विरुद्ध जाने वाली शर्त
scheme-people-for = इस व्यक्ति के पक्ष में जाने वाली शर्तें
scheme-sample-read = मैंने इनमें से हर व्यक्ति को रजिस्टर में देख लिया है।
scheme-sample-mark = नमूने को पढ़ा हुआ चिह्नित करें
scheme-people-all = सब लोग
scheme-people-none = कोई नहीं।
scheme-people-page = पेज { $number }
scheme-people-before = पिछला पेज
scheme-people-after = अगला पेज

scheme-sign-title = संस्करण पर हस्ताक्षर करें
scheme-sign-text = आप हस्ताक्षर करते हैं कि यह संस्करण लागू हो। यह तभी लागू होगा जब दूसरे अधिकारी भी ठीक इसी पर हस्ताक्षर करें: वही फ़ाइल, वही परख, वही दिन।
scheme-rollback-title = संस्करण वापस लें
scheme-rollback-text = आप हस्ताक्षर करते हैं कि लागू संस्करण वापस लिया जाए। दूसरे अधिकारी के भी इसी पर हस्ताक्षर करने पर यह पूरा होगा।
scheme-terms = आप किस पर हस्ताक्षर करते हैं
scheme-terms-what = आदेश
scheme-terms-scheme = योजना
scheme-terms-test = जिस परख पर यह टिका है
scheme-sign-day = कब से लागू
scheme-sign-choose = यह दिन रखें
scheme-signed-already = आप इस पर हस्ताक्षर कर चुके हैं। अब किसी दूसरे अधिकारी को भी इसी पर हस्ताक्षर करने हैं।
scheme-sign-here = इस ब्राउज़र की कुंजी से हस्ताक्षर करें
scheme-sign-here-text = आपकी कुंजी इस ब्राउज़र से कभी बाहर नहीं जाती। केवल हस्ताक्षर जमा होता है।
scheme-sign-no-key = इस ब्राउज़र में आपकी कोई कुंजी नहीं है। आप यहाँ एक बना सकते हैं:
scheme-sign-button = हस्ताक्षर करें
scheme-sign-command = कुंजी की फ़ाइल से हस्ताक्षर करें
scheme-sign-command-text = इसे अपने कंप्यूटर पर terms.json नाम से सहेजें, कमांड चलाएँ, और वह जो दिखाए उसे यहाँ चिपकाएँ।
scheme-sign-order = हस्ताक्षर किया हुआ आदेश
scheme-sign-hand-in = हस्ताक्षर किया हुआ आदेश जमा करें

keys-browser = इस ब्राउज़र से
keys-browser-text = ब्राउज़र एक कुंजी बनाता है और उसका निजी भाग वहाँ रखता है जहाँ कोई पेज उसे नहीं पढ़ सकता। हस्ताक्षर करते समय इसी कंप्यूटर के इसी ब्राउज़र से साइन इन करें।
keys-browser-make = इस ब्राउज़र में कुंजी बनाएँ
keys-browser-made = कुंजी बन गई है। उसका पहचान-चिह्न अपने सहकर्मी के लिए लिख लें, और फिर नीचे कुंजी दें:
keys-machine = कुंजी की फ़ाइल से

done-scheme-submitted = संस्करण जमा हो गया है। अब उसे सूची पर परखें।
done-scheme-test-begun = परख शुरू हो गई है।
done-scheme-leavers-read = दर्ज हो गया है कि आपने नमूना पढ़ा है।
done-scheme-signed = आपका हस्ताक्षर ले लिया गया है। दूसरे अधिकारी को भी इसी पर हस्ताक्षर करने होंगे।
done-scheme-published = संस्करण अपने दिन से लागू होगा।
done-scheme-taken-back = दो अधिकारियों ने हस्ताक्षर कर दिए हैं। आदेश पूरा हो गया है।

transparency-schemes = योजनाओं के अनुसार निर्णय
transparency-schemes-text = इन दिनों लोगों के बारे में क्या निर्णय हुए और अब उनकी क्या स्थिति है। सूचना, कारण और आपत्ति का समय दिए बिना किसी को नहीं हटाया जाता।
transparency-schemes-none = इन दिनों कोई निर्णय नहीं हुआ।
transparency-scheme = योजना
transparency-offered = प्रस्ताव दिया गया
transparency-entered = जोड़े गए
transparency-held = भुगतान रोका गया
transparency-removed = हटाए गए
transparency-undone = फिर ठीक किए गए
