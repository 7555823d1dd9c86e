# ruff: noqa: E501
"""Four hundred of the world's largest cities, in English and as they call themselves."""

from __future__ import annotations

# Country = cities separated by bars, each `English: own name` where the two differ.
TABLE = """
CN = Shanghai: 上海 | Beijing: 北京 | Shenzhen: 深圳 | Guangzhou: 广州 | Chengdu: 成都 | Tianjin: 天津 | Wuhan: 武汉 | Dongguan: 东莞 | Xi'an: 西安 | Nanjing: 南京 | Hangzhou: 杭州 | Foshan: 佛山 | Chongqing: 重庆 | Qingdao: 青岛 | Shenyang: 沈阳 | Suzhou: 苏州 | Harbin: 哈尔滨 | Hefei: 合肥 | Dalian: 大连 | Changchun: 长春 | Xiamen: 厦门 | Wuxi: 无锡 | Jinan: 济南 | Taiyuan: 太原 | Zhengzhou: 郑州 | Shijiazhuang: 石家庄 | Kunming: 昆明 | Zhongshan: 中山 | Nanning: 南宁 | Shantou: 汕头 | Fuzhou: 福州 | Ningbo: 宁波 | Tangshan: 唐山 | Changzhou: 常州 | Zibo: 淄博 | Changsha: 长沙 | Guiyang: 贵阳 | Urumqi: 乌鲁木齐 | Lanzhou: 兰州 | Huizhou: 惠州 | Haikou: 海口 | Linyi: 临沂 | Baoding: 保定 | Wenzhou: 温州 | Nanchang: 南昌 | Hohhot: 呼和浩特 | Shaoxing: 绍兴 | Nantong: 南通 | Yantai: 烟台 | Zhuhai: 珠海 | Baotou: 包头 | Weifang: 潍坊 | Zunyi: 遵义 | Datong: 大同 | Luoyang: 洛阳 | Guilin: 桂林 | Xining: 西宁 | Yinchuan: 银川 | Quanzhou: 泉州 | Yangzhou: 扬州 | Xuzhou: 徐州 | Handan: 邯郸 | Anshan: 鞍山 | Fushun: 抚顺 | Kaifeng: 开封 | Daqing: 大庆 | Zhenjiang: 镇江 | Jiaxing: 嘉兴 | Sanya: 三亚 | Qiqihar: 齐齐哈尔 | Liuzhou: 柳州 | Mianyang: 绵阳 | Yichang: 宜昌
JP = Tokyo: 東京 | Yokohama: 横浜 | Osaka: 大阪 | Nagoya: 名古屋 | Sapporo: 札幌 | Fukuoka: 福岡 | Kawasaki: 川崎 | Kobe: 神戸 | Kyoto: 京都 | Saitama: さいたま | Hiroshima: 広島 | Sendai: 仙台 | Chiba: 千葉 | Kitakyushu: 北九州 | Niigata: 新潟 | Hamamatsu: 浜松 | Kumamoto: 熊本 | Okayama: 岡山 | Shizuoka: 静岡
KR = Seoul: 서울 | Busan: 부산 | Incheon: 인천 | Daegu: 대구 | Daejeon: 대전 | Gwangju: 광주 | Suwon: 수원 | Ulsan: 울산 | Changwon: 창원
KP = Pyongyang: 평양
TW = Taipei: 台北 | Taichung: 台中 | Kaohsiung: 高雄 | Tainan: 台南
HK = Hong Kong: 香港
MO = Macau: 澳門
MN = Ulaanbaatar: Улаанбаатар
VN = Ho Chi Minh City: Thành phố Hồ Chí Minh | Hanoi: Hà Nội | Haiphong: Hải Phòng | Da Nang: Đà Nẵng | Can Tho: Cần Thơ | Bien Hoa: Biên Hòa | Hue: Huế
TH = Bangkok: กรุงเทพมหานคร
PH = Manila: Maynila | Quezon City | Davao | Cebu City | Caloocan
ID = Jakarta | Surabaya | Bandung | Medan | Bekasi | Semarang | Palembang | Makassar | Tangerang | Depok | Batam | Pekanbaru | Padang | Malang | Denpasar | Bogor | Samarinda | Pontianak | Balikpapan
MY = Kuala Lumpur | Johor Bahru | Ipoh
SG = Singapore: 新加坡
MM = Yangon: ရန်ကုန် | Mandalay: မန္တလေး
KH = Phnom Penh: ភ្នំពេញ
LA = Vientiane: ວຽງຈັນ
IN = Mumbai: मुंबई | Delhi: दिल्ली | Bengaluru: ಬೆಂಗಳೂರು | Hyderabad: హైదరాబాద్ | Ahmedabad: અમદાવાદ | Chennai: சென்னை | Kolkata: কলকাতা | Surat: સુરત | Pune: पुणे | Jaipur: जयपुर | Lucknow: लखनऊ | Kanpur: कानपुर | Nagpur: नागपुर | Indore: इंदौर | Bhopal: भोपाल | Patna: पटना | Vadodara: વડોદરા | Ludhiana: ਲੁਧਿਆਣਾ | Agra: आगरा | Coimbatore: கோயம்புத்தூர் | Madurai: மதுரை | Varanasi: वाराणसी | Amritsar: ਅੰਮ੍ਰਿਤਸਰ | Chandigarh: चंडीगढ़ | Guwahati: গুৱাহাটী | Visakhapatnam: విశాఖపట్నం | Thiruvananthapuram: തിരുവനന്തപുരം | Jodhpur: जोधपुर | Mysuru: ಮೈಸೂರು | Nashik: नाशिक | Meerut: मेरठ
PK = Karachi: کراچی | Lahore: لاہور | Faisalabad: فیصل آباد | Rawalpindi: راولپنڈی | Peshawar: پشاور | Multan: ملتان | Gujranwala: گوجرانوالہ | Quetta: کوئٹہ | Islamabad: اسلام آباد | Sialkot: سیالکوٹ
BD = Dhaka: ঢাকা | Chattogram: চট্টগ্রাম | Khulna: খুলনা | Rajshahi: রাজশাহী
LK = Colombo: කොළඹ
NP = Kathmandu: काठमाडौं
AF = Kabul: کابل
IR = Tehran: تهران | Mashhad: مشهد | Isfahan: اصفهان | Karaj: کرج | Tabriz: تبریز | Shiraz: شیراز | Ahvaz: اهواز | Qom: قم
IQ = Baghdad: بغداد | Mosul: الموصل | Basra: البصرة | Erbil: أربيل | Kirkuk: كركوك | Karbala: كربلاء | Sulaymaniyah: السليمانية
SA = Riyadh: الرياض | Jeddah: جدة | Mecca: مكة المكرمة | Medina: المدينة المنورة | Dammam: الدمام
AE = Dubai: دبي | Abu Dhabi: أبو ظبي | Sharjah: الشارقة
YE = Sanaa: صنعاء | Aden: عدن | Taiz: تعز
SY = Damascus: دمشق | Aleppo: حلب | Homs: حمص | Latakia: اللاذقية
LB = Beirut: بيروت
JO = Amman: عمّان
IL = Jerusalem: ירושלים
OM = Muscat: مسقط
QA = Doha: الدوحة
KW = Kuwait City: مدينة الكويت
GE = Tbilisi: თბილისი
AM = Yerevan: Երևան
AZ = Baku: Bakı
TM = Ashgabat: Aşgabat
UZ = Tashkent: Toshkent
KZ = Almaty: Алматы | Astana: Астана | Shymkent: Шымкент
KG = Bishkek: Бишкек
TJ = Dushanbe: Душанбе
TR = Istanbul: İstanbul | Ankara | Izmir: İzmir | Bursa | Gaziantep | Diyarbakir: Diyarbakır | Adana | Konya | Kayseri | Antalya | Eskisehir: Eskişehir | Malatya | Erzurum
RU = Moscow: Москва | Saint Petersburg: Санкт-Петербург | Novosibirsk: Новосибирск | Yekaterinburg: Екатеринбург | Nizhny Novgorod: Нижний Новгород | Kazan: Казань | Chelyabinsk: Челябинск | Omsk: Омск | Samara: Самара | Rostov-on-Don: Ростов-на-Дону | Ufa: Уфа | Krasnoyarsk: Красноярск | Perm: Пермь | Voronezh: Воронеж | Volgograd: Волгоград | Krasnodar: Краснодар | Saratov: Саратов | Tyumen: Тюмень | Tolyatti: Тольятти | Izhevsk: Ижевск
UA = Kyiv: Київ | Kharkiv: Харків | Odesa: Одеса | Dnipro: Дніпро | Donetsk: Донецьк | Lviv: Львів | Zaporizhzhia: Запоріжжя
BY = Minsk: Мінск
GB = London | Birmingham
DE = Berlin | Hamburg | Munich: München | Cologne: Köln | Frankfurt: Frankfurt am Main
ES = Madrid | Barcelona | Seville: Sevilla | Zaragoza
FR = Paris | Marseille
IT = Rome: Roma | Milan: Milano | Naples: Napoli | Turin: Torino | Palermo
AT = Vienna: Wien
HU = Budapest
PL = Warsaw: Warszawa | Krakow: Kraków | Lodz: Łódź | Wroclaw: Wrocław
CZ = Prague: Praha
RO = Bucharest: București
BG = Sofia: София
RS = Belgrade: Београд
HR = Zagreb
BA = Sarajevo
GR = Athens: Αθήνα
SE = Stockholm
DK = Copenhagen: København
NO = Oslo
FI = Helsinki
LV = Riga: Rīga
NL = Amsterdam | Rotterdam
BE = Brussels: Bruxelles
IE = Dublin: Baile Átha Cliath
MD = Chisinau: Chișinău
EG = Cairo: القاهرة | Alexandria: الإسكندرية | Giza: الجيزة | Port Said: بورسعيد | Suez: السويس
NG = Lagos | Kano | Ibadan | Abuja | Port Harcourt | Benin City | Kaduna
CD = Kinshasa | Lubumbashi | Mbuji-Mayi | Kisangani
CI = Abidjan
TZ = Dar es Salaam | Mwanza | Zanzibar
ZA = Johannesburg | Cape Town: Kaapstad | Durban | Pretoria | Soweto | Gqeberha
KE = Nairobi | Mombasa
ET = Addis Ababa: አዲስ አበባ
MA = Casablanca: الدار البيضاء | Rabat: الرباط | Fes: فاس | Tangier: طنجة | Marrakesh: مراكش
DZ = Algiers: الجزائر | Oran: وهران
TN = Tunis: تونس
LY = Tripoli: طرابلس | Benghazi: بنغازي
SD = Khartoum: الخرطوم | Omdurman: أم درمان
SO = Mogadishu: Muqdisho
SN = Dakar
ML = Bamako
BF = Ouagadougou
GH = Accra | Kumasi
TG = Lome: Lomé
BJ = Cotonou
NE = Niamey
TD = N'Djamena
GN = Conakry
SL = Freetown
LR = Monrovia
AO = Luanda
ZM = Lusaka
ZW = Harare | Bulawayo
MZ = Maputo
MG = Antananarivo
UG = Kampala
RW = Kigali
BI = Bujumbura
MW = Lilongwe | Blantyre
CM = Douala | Yaounde: Yaoundé
CG = Brazzaville | Pointe-Noire
GA = Libreville
CF = Bangui
MR = Nouakchott: نواكشوط
US = New York | Los Angeles | Chicago | Houston | Phoenix | Philadelphia | San Antonio | San Diego | Dallas | Austin | Jacksonville | Fort Worth | Columbus | Charlotte | Indianapolis | Seattle | Denver | Washington | Boston | Nashville | El Paso | Detroit | Oklahoma City | Portland | Las Vegas | San Francisco
CA = Toronto | Montreal: Montréal | Calgary | Ottawa | Edmonton | Winnipeg | Vancouver
MX = Mexico City: Ciudad de México | Guadalajara | Monterrey | Puebla | Tijuana | Ciudad Juarez: Ciudad Juárez | Queretaro: Querétaro | Cancun: Cancún | Hermosillo | Culiacan: Culiacán | Chihuahua | Aguascalientes | San Luis Potosi: San Luis Potosí | Acapulco | Morelia | Torreon: Torreón | Saltillo | Mexicali
GT = Guatemala City: Ciudad de Guatemala
HN = Tegucigalpa | San Pedro Sula
NI = Managua
PA = Panama City: Ciudad de Panamá
CU = Havana: La Habana
DO = Santo Domingo
HT = Port-au-Prince
JM = Kingston
BR = Sao Paulo: São Paulo | Rio de Janeiro | Salvador | Brasilia: Brasília | Fortaleza | Belo Horizonte | Manaus | Curitiba | Recife | Goiania: Goiânia | Belem: Belém | Porto Alegre | Guarulhos | Campinas | Sao Luis: São Luís | Maceio: Maceió | Natal | Teresina | Joao Pessoa: João Pessoa | Aracaju | Campo Grande | Nova Iguacu: Nova Iguaçu
CO = Bogota: Bogotá | Medellin: Medellín | Cali | Barranquilla | Cartagena | Cucuta: Cúcuta
PE = Lima | Arequipa
VE = Caracas | Maracaibo
EC = Quito | Guayaquil
BO = La Paz | Santa Cruz de la Sierra | Cochabamba
CL = Santiago
AR = Buenos Aires | Cordoba: Córdoba | Rosario
UY = Montevideo
PY = Asuncion: Asunción
AU = Sydney | Melbourne | Brisbane | Perth | Adelaide | Gold Coast
NZ = Auckland: Tāmaki Makaurau
"""


def _cities() -> list[tuple[str, str, str]]:
    found = []
    for line in TABLE.strip().splitlines():
        country, _, cities = line.partition(" = ")
        for city in cities.split(" | "):
            english, _, own = city.partition(": ")
            found.append((english, own or english, country))
    return found


LARGE_CITIES = _cities()
"""(English name, own name, country)"""
