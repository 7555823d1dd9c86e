# ruff: noqa: E501
"""Ways of writing well-known places, and the city (and where needed the rest) a person means."""

from __future__ import annotations

# One line per place: city, subdivision, country = spellings separated by bars.
TABLE = """
Tokyo, 13, JP = Tokyo | tokyo | TOKYO | Tokio | Tōkyō | 東京 | 東京都 | Tóquio | Токио | 도쿄 | JP | Japan | 日本 | jpn
Osaka, 27, JP = Osaka | Ōsaka | 大阪 | Osaka, Japan
New York, NY, US = New York | new york | New York City | NYC | New York, NY | New York, US | Nueva York | Нью-Йорк | 纽约 | USA | U.S.A. | us
Los Angeles, CA, US = Los Angeles | los angeles, ca | California | US-CA
San Francisco, CA, US = San Francisco | SF | San Francisco, California | San Francisco CA
Washington, DC, US = Washington | Washington DC | Washington, D.C. | washington, dc, us
Springfield, MA, US = Springfield,MA,US | Springfield, Massachusetts | springfield, ma
Springfield, IL, US = Springfield, IL | Springfield Illinois | springfield, us-il
Portland, OR, US = Portland | Portland, Oregon
Portland, ME, US = Portland, ME | Portland, Maine | Portland Maine
Paris, IDF, FR = Paris | paris | PARIS | Paris, FR | Paris, France | Paris France | Parigi | París | Париж | パリ | 巴黎 | FR | France | Frankreich | Francia
Paris, TX, US = Paris, US | Paris, TX | Paris, Texas | paris,tx,us
Lyon, ARA, FR = Lyon | Lyons | Lyon, France
Marseille, PAC, FR = Marseille | Marseilles | Marsella
London, ENG, GB = London | london uk | London, UK | London, England | Londres | Londra | Londyn | Лондон | ロンドン | 伦敦 | GB | UK | United Kingdom | England
London, ON, CA = London, Ontario | London, CA | London, Canada | London Ontario
Birmingham, ENG, GB = Birmingham | Birmingham, UK
Birmingham, AL, US = Birmingham, AL | Birmingham, Alabama
Edinburgh, SCT, GB = Edinburgh | Edinburgh, Scotland | Édimbourg
Glasgow, SCT, GB = Glasgow | Scotland
Berlin, BE, DE = Berlin | berlin, de | Berlin, Germany | Берлин | ベルリン | 柏林 | DE | Germany | Deutschland | Allemagne | Alemania
Munich, BY, DE = Munich | München | munchen | Muenchen | Múnich | Monaco di Baviera | Мюнхен | 慕尼黑 | Bayern | Bavaria
Köln, NW, DE = Köln | Koln | Koeln | Cologne | Colonia, DE
Frankfurt am Main, HE, DE = Frankfurt | Frankfurt am Main | Francfort
Nuremberg, BY, DE = Nürnberg | Nuremberg | Nurnberg
Vienna, 9, AT = Vienna | Wien | Vienne, AT | Viena | Вена | AT | Austria | Österreich
Zürich, ZH, CH = Zürich | Zurich | Zuerich | ZURICH | Zurigo | チューリッヒ | CH | Switzerland | Schweiz | Suisse
Geneva, GE, CH = Geneva | Genève | Geneve | Genf | Ginevra
Rome, 62, IT = Rome | Roma | Rom | Rzym | Рим | ローマ | IT | Italy | Italien | Italia
Milan, 25, IT = Milan | Milano | Mailand | Mediolan
Venice, 34, IT = Venice | Venezia | Venedig | Venise
Florence, 52, IT = Florence | Firenze | Florenz
Naples, 72, IT = Naples | Napoli | Neapel
Madrid, MD, ES = Madrid | Мадрид | マドリード | ES | Spain | España | Espana | Spanien
Barcelona, CT, ES = Barcelona | Barcelone | Barcelona, Spain | Catalonia
Sevilla, AN, ES = Sevilla | Seville
Lisbon, 11, PT = Lisbon | Lisboa | Lissabon | Lisbonne | PT | Portugal
Brussels, BRU, BE = Brussels | Bruxelles | Brussel | Brüssel | BE
Antwerp, VLG, BE = Antwerp | Antwerpen | Anvers
Amsterdam, NH, NL = Amsterdam | amsterdam, nl | Amsterdam, Netherlands
The Hague, ZH, NL = The Hague | Den Haag | La Haye
Copenhagen, 84, DK = Copenhagen | København | Kobenhavn | Kopenhagen | DK
Stockholm, AB, SE = Stockholm | Estocolmo | SE | Sweden | Schweden
Gothenburg, O, SE = Gothenburg | Göteborg | Goteborg
Oslo, 03, NO = Oslo | NO | Norway | Norwegen
Helsinki, 18, FI = Helsinki | Helsingfors | FI | Finland
Reykjavík, 1, IS = Reykjavík | Reykjavik | IS | Iceland
Warsaw, 14, PL = Warsaw | Warszawa | Warschau | Varsovie | PL
Kraków, 12, PL = Kraków | Krakow | Cracow | Krakau
Łódź, 10, PL = Łódź | Lodz
Prague, 10, CZ = Prague | Praha | Prag | CZ | Czechia | Czech Republic
Budapest, BU, HU = Budapest | Будапешт | HU
Bucharest, B, RO = Bucharest | București | Bucuresti | Bukarest
Athens, I, GR = Athens | Athen | Αθήνα | Atenas
Istanbul, 34, TR = Istanbul | İstanbul | istanbul | Constantinople | TR | Turkey | Türkiye
Moscow, MOW, RU = Moscow | Moskva | Moskau | Москва | Moscou | モスクワ | RU | Russia
Saint Petersburg, SPE, RU = Saint Petersburg | St. Petersburg | St Petersburg | Санкт-Петербург
Kyiv, 30, UA = Kyiv | Kiev | Київ | Киев | Kiew | UA
Cairo, C, EG = Cairo | القاهرة | Le Caire | Kairo | EG
Nairobi, 30, KE = Nairobi | Nairobi, Kenya | KE | Kenya
Lagos, LA, NG = Lagos | NG | Nigeria
Cape Town, WC, ZA = Cape Town | Kapstadt | Kaapstad | Le Cap
Johannesburg, GP, ZA = Johannesburg | Joburg
Casablanca, 06, MA = Casablanca | MA | Morocco
Dubai, DU, AE = Dubai | دبي | AE | UAE
Tel Aviv, TA, IL = Tel Aviv | Tel Aviv-Yafo | tel-aviv
Mumbai, MH, IN = Mumbai | Bombay | मुंबई
Delhi, DL, IN = Delhi | Dilli
Bengaluru, KA, IN = Bengaluru | Bangalore
Kolkata, WB, IN = Kolkata | Calcutta
Chennai, TN, IN = Chennai | Madras
Beijing, BJ, CN = Beijing | Peking | Pékin | 北京 | Пекин
Shanghai, SH, CN = Shanghai | 上海 | CN | China
Hong Kong, , HK = Hong Kong | 香港 | HK | Hongkong
Taipei, TPE, TW = Taipei | 台北
Seoul, 11, KR = Seoul | 서울 | ソウル | KR | South Korea | Korea
Singapore, , SG = Singapore | SG | Singapur | 新加坡
Bangkok, 10, TH = Bangkok | กรุงเทพ | TH | Thailand
Hanoi, HN, VN = Hanoi | Hà Nội | Ha Noi
Ho Chi Minh City, SG, VN = Ho Chi Minh City | Saigon | HCMC
Jakarta, JK, ID = Jakarta | Djakarta
Sydney, NSW, AU = Sydney | Sydney, Australia | シドニー | AU | Australia | New South Wales
Melbourne, VIC, AU = Melbourne | melbourne, vic
Auckland, AUK, NZ = Auckland | NZ | New Zealand
São Paulo, SP, BR = São Paulo | Sao Paulo | SAO PAULO | são paulo | Сан-Паулу | 圣保罗 | BR | Brazil | Brasil
Rio de Janeiro, RJ, BR = Rio de Janeiro | Rio | Río de Janeiro
Buenos Aires, C, AR = Buenos Aires | buenos aires, argentina | AR
Mexico City, CMX, MX = Mexico City | Ciudad de México | Ciudad de Mexico | CDMX | MX | México
Bogotá, DC, CO = Bogotá | Bogota | CO
Santiago, RM, CL = Santiago | Santiago de Chile | CL
Toronto, ON, CA = Toronto | Toronto, ON | CA | Canada | Kanada
Montréal, QC, CA = Montréal | Montreal
Vancouver, BC, CA = Vancouver | Vancouver, BC
St. John's, NL, CA = St. John's | St John's | Saint John's, CA
"""

SPELLINGS = [
    (spelling.strip(), *(part.strip() for part in expected.split(",")))
    for expected, _, spellings in (line.partition(" = ") for line in TABLE.strip().splitlines())
    for spelling in spellings.split("|")
]
