# नागरिकों को सूचनाएँ: शीर्षक, मेल, पत्र और वॉलेट के लिए पूरे वाक्य, और छोटे संदेश के लिए संक्षिप्त रूप।

notice-use-given-title = { $peer } को आपके बारे में जानकारी मिली
notice-use-given-body = { $department } ने { $peer } को आपके बारे में यह जानकारी दी है: { $dataset }। प्रयोजन: { $purpose }
notice-use-given-short = { $department } ने { $peer } को आपके बारे में जानकारी दी: { $dataset }। आप इसे अपने वॉलेट में देख सकते हैं।

notice-use-received-title = { $department } को आपके बारे में जानकारी मिली
notice-use-received-body = { $department } को { $peer } से आपके बारे में यह जानकारी मिली है: { $dataset }। प्रयोजन: { $purpose }
notice-use-received-short = { $department } को { $peer } से आपके बारे में जानकारी मिली: { $dataset }। आप इसे अपने वॉलेट में देख सकते हैं।

notice-summary-title =
    { $uses ->
        [one] एक सप्ताह में आपकी जानकारी का { $uses } बार उपयोग हुआ
       *[other] एक सप्ताह में आपकी जानकारी का { $uses } बार उपयोग हुआ
    }
notice-summary-body =
    { $uses ->
        [one] { $from } से { $until } तक { $department } आपकी जानकारी के { $uses } उपयोग में शामिल रहा। किसने, क्या और किस लिए उपयोग किया, यह आपके वॉलेट में दिखता है।
       *[other] { $from } से { $until } तक { $department } आपकी जानकारी के { $uses } उपयोगों में शामिल रहा। किसने, क्या और किस लिए उपयोग किया, यह आपके वॉलेट में दिखता है।
    }
notice-summary-short =
    { $uses ->
        [one] { $department }: { $from } से { $until } तक आपकी जानकारी का { $uses } उपयोग हुआ। अपना वॉलेट देखें।
       *[other] { $department }: { $from } से { $until } तक आपकी जानकारी के { $uses } उपयोग हुए। अपना वॉलेट देखें।
    }

notice-break-glass-title = आपात स्थिति में आपकी जानकारी खोली गई
notice-break-glass-body = { $asker } के एक अधिकारी ने आपात स्थिति बताकर आपकी सहमति के बिना { $provider } से आपके बारे में जानकारी ({ $dataset }) माँगी। इसका कानूनी आधार है: { $law }। किसी दूसरे अधिकारी को एक दिन के भीतर इसकी जाँच करनी होगी, और हम आपको उसका परिणाम बताएँगे। यदि कोई आपात स्थिति नहीं थी, तो कृपया आपत्ति दर्ज करें।
notice-break-glass-short = { $asker } ने आपात स्थिति बताकर आपकी सहमति के बिना आपकी जानकारी ({ $dataset }) खोली। एक दिन में इसकी जाँच होगी। यदि आपात स्थिति नहीं थी, तो आपत्ति करें।

notice-break-glass-reviewed-upheld-title = आपकी जानकारी का आपात उपयोग सही पाया गया
notice-break-glass-reviewed-upheld-body = { $asker } के दूसरे अधिकारी ने आपकी जानकारी के आपात उपयोग की जाँच की और उसे सही पाया। यदि आप इससे सहमत नहीं हैं, तो आप आपत्ति कर सकते हैं।
notice-break-glass-reviewed-upheld-short = { $asker } ने आपकी जानकारी के आपात उपयोग की जाँच की और उसे सही पाया। आप आपत्ति कर सकते हैं।

notice-break-glass-reviewed-rejected-title = आपकी जानकारी का आपात उपयोग गलत पाया गया
notice-break-glass-reviewed-rejected-body = { $asker } के दूसरे अधिकारी ने आपकी जानकारी के आपात उपयोग की जाँच की और उसे गलत पाया। आप { $asker } से पूछ सकते हैं कि इस पर क्या कार्रवाई होगी।
notice-break-glass-reviewed-rejected-short = { $asker } ने आपकी जानकारी के आपात उपयोग की जाँच की और उसे गलत पाया। आप कार्रवाई के बारे में पूछ सकते हैं।

notice-erased-title = आपके बारे में जानकारी मिटा दी गई
notice-erased-body = { $department } को { $provider } से आपके बारे में जो जानकारी मिली थी, वह मिटा दी गई है: { $dataset }। इसका हस्ताक्षरित अभिलेख आपके वॉलेट में “मेरी जानकारी किसने देखी” में है।
notice-erased-short = { $department } ने { $provider } से मिली आपकी जानकारी मिटा दी है: { $dataset }।

notice-erasure-overdue-title = आपके बारे में जानकारी समय पर नहीं मिटाई गई
notice-erasure-overdue-body = { $department } को { $provider } से आपके बारे में जो जानकारी मिली थी, उसे मिटाया जाना था: { $dataset }। विभाग की एक प्रणाली ने तीन दिन से इसकी पुष्टि नहीं की है। विभाग को सचेत कर दिया गया है और आप शिकायत कर सकते हैं।
notice-erasure-overdue-short = { $department } ने { $provider } से मिली आपकी जानकारी अब तक नहीं मिटाई है: { $dataset }। आप शिकायत कर सकते हैं।

notice-consent-asked-title = एक विभाग आपकी अनुमति चाहता है
notice-consent-asked-body = { $department } यह देखना चाहता है कि { $scheme } आपके लिए है या नहीं। इसके लिए वह { $provider } से आपके बारे में यह जानना चाहता है: { $dataset }। प्रयोजन: { $purpose } यह जानकारी केवल आपकी अनुमति से ली जाएगी। आप { $until } तक अपने वॉलेट में अनुरोध पढ़कर हाँ या ना कह सकते हैं। उत्तर न देने पर आपसे कुछ छीना नहीं जाएगा।
notice-consent-asked-short = { $department } को { $scheme } के लिए { $provider } से आपके बारे में जानकारी लेने की आपकी अनुमति चाहिए। आप { $until } तक अपने वॉलेट में उत्तर दे सकते हैं।

notice-hold-title = आपका भुगतान रोका गया है
notice-hold-body = { $department } ने आपका भुगतान रोक रखा है, क्योंकि { $source } ने आपके बारे में एक घटना की सूचना दी है। आपसे कुछ छीना नहीं गया है: यदि सूचना गलत है, तो भुगतान फिर चालू होगा और रोकी गई राशि आपको मिलेगी। कृपया विभाग में आएँ या अपने वॉलेट में आपत्ति दर्ज करें।
notice-hold-short = { $source } की सूचना के कारण { $department } ने आपका भुगतान रोक रखा है। यदि सूचना गलत है, तो कृपया आपत्ति करें।
notice-why-elsewhere = इसका कारण निर्णय में लिखा है, जो विभाग आपको दिखाएगा।
notice-decision-hold-title = आपका भुगतान रोका गया है
notice-decision-hold-body = { $department } ने { $scheme } के अंतर्गत आपका भुगतान रोक रखा है। कारण: { $why } आपका नाम तभी हटाया जाएगा जब आप यह सूचना मिलने के दिन से { $days } दिन के भीतर आपत्ति न करें। यदि दर्ज बात गलत है, तो अपने वॉलेट में, विभाग में या सेवा केंद्र के संचालक की मदद से आपत्ति करें: भुगतान फिर चालू होगा और रोकी गई राशि आपको मिलेगी। मामला नंबर { $case }।
notice-decision-hold-short = { $department } ने आपका भुगतान रोक रखा है। { $why } यदि यह गलत है, तो { $days } दिन में आपत्ति करें। मामला नंबर { $case }।
notice-decision-removal-title = आपत्ति न करने पर आपका लाभ बंद हो सकता है
notice-decision-removal-body = { $department } के अनुसार अब आपको { $scheme } का लाभ नहीं मिलना चाहिए। कारण: { $why } भुगतान अभी चालू है। आपका नाम तभी हटाया जाएगा जब आप यह सूचना मिलने के दिन से { $days } दिन के भीतर आपत्ति न करें। अपने वॉलेट में, विभाग में या सेवा केंद्र के संचालक की मदद से आपत्ति करें। मामला नंबर { $case }।
notice-decision-removal-short = { $department }: { $scheme } से आपका नाम हट सकता है। { $why } { $days } दिन में आपत्ति करें। मामला नंबर { $case }।
notice-decision-replaced-title = एक भुगतान की जगह दूसरा शुरू हुआ
notice-decision-replaced-body = { $department } अब आपको दूसरी योजना से भुगतान करता है। किसी दिन का भुगतान दो बार न हो, इसलिए { $scheme } का भुगतान रोका गया है। कारण: { $why } { $scheme } से आपका नाम तभी हटाया जाएगा जब आपत्ति करने की आपकी अवधि पूरी हो जाए। यदि दर्ज बात गलत है, तो अपने वॉलेट में, विभाग में या सेवा केंद्र के संचालक की मदद से आपत्ति करें: आपकी बात सही होने पर { $scheme } का भुगतान फिर चालू होगा, और इस बीच दूसरी योजना से जो राशि नहीं मिली, वह आपको मिलेगी। मामला नंबर { $case }।
notice-decision-replaced-short = { $department } अब आपको दूसरी योजना से भुगतान करता है; { $scheme } का भुगतान रोका गया है। यदि यह गलत है, तो आपत्ति करें। मामला नंबर { $case }।
notice-decision-resumed-title = आपका भुगतान फिर चालू है
notice-decision-resumed-body = { $department } आपको { $scheme } के अंतर्गत फिर भुगतान करता है, क्योंकि अभी दूसरी योजना से आपको भुगतान नहीं होता। { $scheme } से नाम हटाने की जो सूचना आपको दी गई थी, वह और आपत्ति करने की आपकी अवधि, दोनों वैसी ही बनी रहती हैं। मामला नंबर { $case }।
notice-decision-resumed-short = { $department } आपको { $scheme } के अंतर्गत फिर भुगतान करता है; नाम हटाने की पहले की सूचना वैसी ही बनी रहती है। मामला नंबर { $case }।
notice-decision-offer-title = आपके लिए एक लाभ का प्रस्ताव है
notice-decision-offer-body = { $department } के अनुसार आप { $scheme } के हकदार हैं। जब आप { $until } तक इसे अपने वॉलेट में या विभाग में स्वीकार करेंगे, तब लाभ शुरू होगा। आपको कोई कागज़ लाने की आवश्यकता नहीं है। मामला नंबर { $case }।
notice-decision-offer-short = { $department } आपको { $scheme } का लाभ देना चाहता है। { $until } तक स्वीकार करें। मामला नंबर { $case }।
notice-decision-enrolled-title = आपका नाम जोड़ा गया
notice-decision-enrolled-body = { $department } ने { $scheme } में आपका नाम जोड़ दिया है। यदि आपका नाम आवेदन के बिना, कानून के अनुसार जोड़ा गया है, तो आप मना कर सकते हैं; तब माना जाएगा कि आपका नाम कभी जुड़ा ही नहीं था। मामला नंबर { $case }।
notice-decision-enrolled-short = { $department } ने { $scheme } में आपका नाम जोड़ दिया है। मामला नंबर { $case }।
notice-decision-withdrawn-title = एक प्रस्ताव वापस लिया गया
notice-decision-withdrawn-body = { $department } ने { $scheme } का प्रस्ताव वापस ले लिया है, क्योंकि उसका आधार अब नहीं रहा। आपसे कुछ वापस नहीं माँगा जाएगा। मामला नंबर { $case }।
notice-decision-withdrawn-short = { $department } ने { $scheme } का प्रस्ताव वापस ले लिया है। मामला नंबर { $case }।
notice-decision-released-title = आपका भुगतान फिर चालू है
notice-decision-released-body = { $department } ने { $scheme } के अंतर्गत आपके भुगतान की रोक हटा दी है। रोकी गई राशि आपको मिलेगी। मामला नंबर { $case }।
notice-decision-released-short = { $department }: { $scheme } का आपका भुगतान फिर चालू है। मामला नंबर { $case }।
notice-decision-reversed-title = आपकी आपत्ति सही थी
notice-decision-reversed-body = { $department } ने आपकी आपत्ति सुनी है, और { $scheme } में आपका नाम बना रहेगा। रोकी गई राशि आपको मिलेगी। मामला नंबर { $case }।
notice-decision-reversed-short = { $department }: आपकी आपत्ति सही थी; { $scheme } में आपका नाम बना रहेगा। मामला नंबर { $case }।
notice-decision-upheld-title = आपकी आपत्ति पर सुनवाई हुई
notice-decision-upheld-body = { $department } के दो अधिकारियों ने आपकी आपत्ति पर सुनवाई की। उनके अनुसार { $scheme } से नाम हटाने का निर्णय बना रहेगा। कारण: { $why } आपत्ति की आपकी अवधि पूरी होने से पहले इसे लागू नहीं किया जाएगा। यदि आपको और कुछ कहना है, तो अपने वॉलेट में, विभाग में या सेवा केंद्र के संचालक की मदद से कहें: उस पर फिर सुनवाई होगी। मामला नंबर { $case }।
notice-decision-upheld-short = { $department }: आपकी आपत्ति पर सुनवाई हुई; { $scheme } से नाम हटाने का निर्णय बना रहेगा। मामला नंबर { $case }।
notice-decision-removed-title = आपका नाम हटाया गया
notice-decision-removed-body = { $department } ने { $scheme } से आपका नाम हटा दिया है। कारण: { $why } यदि यह गलत है, तो अपने वॉलेट में, विभाग में या सेवा केंद्र के संचालक की मदद से आपत्ति करें: दो अधिकारी उस पर सुनवाई करेंगे, और आपकी बात सही होने पर आपका नाम वापस जुड़ेगा और छूटी हुई राशि मिलेगी। मामला नंबर { $case }।
notice-decision-removed-short = { $department } ने { $scheme } से आपका नाम हटा दिया है। मामला नंबर { $case }।
notice-decision-restored-title = आपका नाम वापस जुड़ गया
notice-decision-restored-body = { $department } ने { $scheme } में आपका नाम ऐसे वापस जोड़ा है मानो वह कभी हटा ही न हो। छूटी हुई राशि आपको मिलेगी। मामला नंबर { $case }।
notice-decision-restored-short = { $department } ने { $scheme } में आपका नाम वापस जोड़ दिया है। मामला नंबर { $case }।

notice-foot = इस सूचना का नंबर { $id } है। { $department } में इसके बारे में पूछते समय कृपया यह नंबर बताएँ।
letter-number = { $department } के अभिलेख में नंबर: { $number }
letter-date = दिनांक: { $date }
letter-handed-over = सौंपने का दिनांक और अधिकारी के हस्ताक्षर:
