"""What is said on the stage, in a language for each direction of writing."""

from __future__ import annotations

WORDS = {
    "en": {
        "question": "I cannot connect to the VPN",
        "answer": "Open **Company Portal**, search for **Lindqvist VPN** and press **Install**. [1]\n\n"
        "1. Restart the laptop once the installation has ended. [1]\n"
        "2. Open **Lindqvist VPN** from the Start menu and sign in with your company address. [1]\n"
        "3. Approve the sign-in on your phone. [2]\n\nDid this solve it?",
        "quote": "1. Open **Company Portal**.\n2. Search for **Lindqvist VPN** and press **Install**.\n3. Restart the laptop.",
        "title": "Install and connect the VPN on a Windows laptop",
        "heading": "Install it from Company Portal",
        "other": "Approve a sign-in on your phone",
        "yes": "Yes, solved",
        "no": "No",
        "person": "Talk to a person",
        "solved": "Good. I closed ticket T-1042. If it comes back, just write here again.",
        "filed": "I filed ticket **T-1042** with the team Network. It holds what you told me and what we tried, so nobody asks again.",
        "unlock": "Unlock your account",
        "line": "Your account maria.santos is unlocked at once. Your password stays as it is.",
        "blast": "Your own account, and nothing else",
        "undo": "Locking it again takes one press.",
        "reset": "Reset your password",
        "sent": "I have sent a code to your registered second channel. Enter it on the card above, not as a message.",
        "access": "Access to CRM",
        "asked": "I asked Johan Ekström and Rachel Thornton to approve this. "
        "The request is open until 24 November 2026, 17:00. I will say here as soon as it is decided.",
        "joined": "Sam Oduya has joined. You are writing with a person now, and Firstline does not answer.",
        "left": "Sam Oduya has left the conversation. Firstline answers again from your next message on.",
        "agent": "Good morning Maria.\nIs the little light on the dock green or orange when you plug it in?",
        "next": "It is orange, and it blinks twice",
        "error": "Your message is stored, but no answer could be made for it.",
        "refused": "The file is a PDF that is protected with a password. Send one that opens without it.",
        "growing": "Open **Company Portal**, search for **Lindqvist VPN** and press",
    },
    "ar": {
        "question": "لا أستطيع الاتصال بالشبكة الافتراضية VPN",
        "answer": "افتح **Company Portal** وابحث عن **Lindqvist VPN** ثم اضغط **Install**. [1]\n\n1. أعد تشغيل الحاسوب بعد انتهاء التثبيت. [1]\n"
        "2. افتح **Lindqvist VPN** من قائمة البدء وسجّل الدخول بعنوان الشركة. [1]\n3. وافق على تسجيل الدخول من هاتفك. [2]\n\nهل حلّ هذا المشكلة؟",
        "quote": "1. افتح **Company Portal**.\n2. ابحث عن **Lindqvist VPN** ثم اضغط **Install**.\n3. أعد تشغيل الحاسوب.",
        "title": "تثبيت الشبكة الافتراضية على حاسوب Windows",
        "heading": "التثبيت من Company Portal",
        "other": "الموافقة على تسجيل الدخول من الهاتف",
        "yes": "نعم، حُلّت",
        "no": "لا",
        "person": "التحدث إلى شخص",
        "solved": "جيد. أغلقت التذكرة T-1042. إذا عادت المشكلة، فاكتب هنا مرة أخرى.",
        "filed": "قدّمت التذكرة **T-1042** إلى فريق Network. تحتوي على ما أخبرتني به وما جرّبناه، كي لا يسألك أحد مرة أخرى.",
        "unlock": "فتح قفل حسابك",
        "line": "يُفتح قفل حسابك maria.santos فورًا. كلمة مرورك تبقى كما هي.",
        "blast": "حسابك أنت فقط",
        "undo": "يمكن قفله من جديد بضغطة واحدة.",
        "reset": "إعادة تعيين كلمة المرور",
        "sent": "أرسلت رمزًا إلى قناتك الثانية المسجلة. أدخله في البطاقة أعلاه، وليس كرسالة.",
        "access": "الوصول إلى CRM",
        "asked": "طلبت موافقة Johan Ekström وRachel Thornton. الطلب مفتوح حتى 24 نوفمبر 2026، 17:00. سأخبرك هنا فور اتخاذ القرار.",
        "joined": "انضم Sam Oduya. أنت تكتب الآن مع شخص، وFirstline لا يجيب.",
        "left": "غادر Sam Oduya المحادثة. سيجيب Firstline مجددًا بدءًا من رسالتك التالية.",
        "agent": "صباح الخير ماريا.\nهل الضوء الصغير على قاعدة التوصيل أخضر أم برتقالي؟",
        "next": "إنه برتقالي ويومض مرتين",
        "error": "رسالتك محفوظة، لكن لم يمكن إعداد إجابة لها.",
        "refused": "الملف PDF محمي بكلمة مرور. أرسل ملفًا يُفتح دونها.",
        "growing": "افتح **Company Portal** وابحث عن **Lindqvist VPN** ثم",
    },
}
