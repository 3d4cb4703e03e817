"""Families and friends in Miami: English and Caribbean Spanish mixed within the sentence."""

from data.synthetic.community import Community

GRAMMAR = """
name :: Carlos/m, Yesenia/f, Alex/m, Daniela/f, Jorge/m, Marisol/f, Andres/m, Valeria/f, Luis/m, Camila/f, Tito/m,
  Gaby/f, Manny/m, Karina/f, Javi/m, Isabella/f, Ricky/m, Lourdes/f, Hector/m, Xiomara/f, Nelson/m, Natalia/f, Rafa/m,
  Yoli/f, Eddy/m, Vanessa/f, Ernesto/m, Maribel/f, Pepe/m, Angie/f, Oscar/m, Paola/f, Chino/m, Ana/f, Raul/m,
  Lissette/f, Diego/m, Mayra/f, Yadi/f, Orlando/m
place :: Hialeah, the beach, Publix, Doral, abuela's, Kendall, Sedano's, Brickell, Coral Gables, la casa, Wynwood, the
  ventanita, Calle Ocho, Dolphin Mall, Dadeland, church, Westchester, the Grove, Little Havana, FIU, Homestead,
  Bayside, the salon, Navarro, Miami Lakes, Costco, South Beach, Versailles, the park, Key Biscayne, Aventura, la
  playa, Sweetwater, the shop, Flagler, el trabajo, Winn Dixie, la iglesia, Tropical Park, Tamiami
money = $<number> | <number> dollars | <number> pesos | <number> bucks
club :: the Heat, the Dolphins, Inter Miami, the Marlins, Real Madrid, Barca, the Canes, Argentina, Colombia
sport +: basketball, soccer, baseball, dominoes, volleyball, boxing, zumba, softball
dish +: arroz con pollo, empanadas, picadillo, lechon, pastelitos, ropa vieja, croquetas, arepas, yuca, tostones,
  black beans, a medianoche, vaca frita, ceviche, a cuban sandwich, tamales, maduros, pan con bistec, ajiaco,
  sancocho, congri, paella, chicharrones, pollo tropical, churrasco
snack +: cafecito, pastelitos, colada, flan, cortadito, croquetas, churros, tres leches, batido, mango, guava cake,
  cafe con leche, plantain chips, malta, dulce de leche
ingredient +: leche, arroz, huevos, platanos, pan cubano, milk, frijoles, limes, cafe bustelo, queso blanco, cilantro,
  pollo, sazon, aguacate, papas, jamon
vehicle +: car, uber, truck, metrorail, bus, jet ski, lyft, trolley, boat
role +: boss, manager, jefe, client, supervisor, landlord, dueño, jefa
kin +: mami/f, papi/m, abuela/f, abuelo/m, my tia/f, my tio/m, mi prima/f, mi primo/m, my sister/f, mi hermano/m, my
  suegra/f, tia Rosa/f, my nephew/m, la niña/f
very :: so, super, muy, really, mad, too, tan, bien, pretty, literally, crazy
wow :: ay, dios mio, oye, dale, wow, omg, ay bendito, que cosa, nombe, mira, wepa, ay no, que lindo, no puede ser
yes :: ok, dale, si, yes, claro, ya, sure, si si, ok mi amor, perfecto, bueno, obvio, yeah, esta bien, listo, por
  supuesto
no :: no, nah, no que va, nope, todavia no, para nada, no mi amor, not yet, ni loca, no puedo, ay no
so :: so, pero, and, oye, entonces, but, bueno, also, y, mira, by the way, anyway
friend :: bro, mi amor, papo, girl, mama, loco, asere, mija, mijo, nena, hermano, bella, primo, corazon, chica
laugh :: jaja, haha, jajaja, lol, jajajaja, lmao, hahaha, jejeje, jiji
good :: nice, rico, good, brutal, lindo, great, chevere, amazing, bello, super, cute, bueno, divino, perfect
bad :: bad, feo, terrible, horrible, pesado, sad, fatal, annoying, malo, nasty, ridiculous, triste
hello :: hola, oye, hey, hi, buenos dias, mira, hello, que bola, good morning, buenas, que tal
bye :: besos, bye, te quiero, love you, dios te bendiga, chao, hasta luego, night, cuidate, xoxo, te amo, hablamos,
  bendiciones
tail :: bro, ok, mi amor, verdad, papo, lol, dale, literal, no, mija, okay, eh, de verdad, que no
tag = <tail>
feel +: cansada, tired, hungry, con hambre, stressed, happy, enferma, bored, cansado, obsessed, dead, emocionada,
  busy, ready, con sueño, harta
spanglish = [oye|mira|ay] [llamame|call me|avisame|let me know] [cuando|when you] [llegues|get home|puedas|salgas|get
    there] [ok|please|mi amor|pa saber|]
  | [ya|todavia no|casi] [llegue|comi|termine|sali|voy] [a $place|del trabajo|and now I'm <feel>|, where are you|con
    $who|]
  | [que|what are we] [vas a hacer|hay de comer|haces|estas haciendo|traigo] [$when|hoy|later|pa la <event>|tonight]?
  | [mami|abuela|papi|$who] [says|dice que|wants to know si|esta preguntando si] [you're coming|ya comiste|to bring
    <grocery>|la llames|vas a venir|hay <snack>] [$when|today|a $place|]
  | [I'm|estoy|we're] [en|at|llegando a|saliendo de] $place [con $who|buying <grocery>|, quieres algo|, te llamo
    ahora|since $clock]
  | [get down|bajate] [from the car|at $place|I'm outside|, ya llegamos|]
  | [tengo|I have] [hambre|sueño|que trabajar|un <event>|mucho work|cita con el doctor|una reunion] [ahora|$when|y no
    he comido|so I can't|like always]
  | [vamos|let's go|quieres ir] [a la playa|a $place|to eat <dish>|de shopping|al gym|a tomar cafecito] [$when|con
    $who|after work|un ratico|dale]
  | [que|how] [calor|rico|lindo|pena|locura|frio] [today|hace|bro|, I'm <vp.ing>|esta el <food_es>|]
  | [no se|I don't know|quien sabe], [preguntale a $who|ask <kin>|mañana vemos|te aviso|let me check|yo creo que si]
  | [feliz|happy] [cumple|birthday|dia] [$to|mi amor|hermosa|, que dios te bendiga|, que la pases lindo]
  | [gracias|thank you] [por|for] [todo|the <gift>|la comida|el <food_es>|your help|venir] [mi vida|$to|de verdad|, te
    quiero|]
  | [el|my|ese] [carro|trafico|jefe|vecino|perro|telefono] [esta|is being|is]
    [malisimo|<bad>|loco|horrible|insane|roto] [today|otra vez|en la 826|like always|]
  | [traele|get|buscame|compra] [<grocery>|<snack>|pan|cafe] [and|y] [<grocery>|<snack>|hielo] [please|porfa|at
    $place|on the way|pa la casa]
  | [irregardless|supposably|literally|como que] I [can't|have to|already|need to] <vp> [porque <kin_es>|y ya|so
    yeah|pero bueno|] [me tiene loca|wants|no puede|]
food_es : arroz, cafecito, pollo, flan, lechon, pan, tamal, batido, cake, caldo
kin_es : mami, mi jefe, abuela, la niña, mi suegra, papi, mi hermana
dominos = [dominoes|domino|parrillada|quince|bautizo|asado] [en casa de $who|at $place|$when|este sabado|pa <kin>],
    [you coming|trae <snack>|bring ice|a las <hour>|no faltes]
  | [the Heat|inter|messi|marlins|dolphins] [won|lost|ganaron|perdieron|scored|game $when] [otra vez|bro|, que
    juego|lets go|]
  | [hurricane|huracan|tormenta|lluvia] [is coming|coming $when|category <few>|watch], [get water|compra agua|are you
    ok|boarding up the windows|<kin> is panicking]
noche = [noche buena|nochebuena|fin de año|los reyes] at [abuela's|$who's|my house|<place>], [bring <snack>|el lechon
    is ready|a que hora|who's making the congri|everybody's coming]
@ day 14 : spanglish / spanglish?
@ family 7 : dominos / short? / spanglish?
@ season 8 months=12,1 : noche / short?
plan_open += [quieres|wanna|vamos a] [ir a $place|$plan|comer $food|la playa] $when [con $who|bro|dale|, yo manejo|]?
  | [que|what] time [nos vemos|we meeting|is the $event|te recojo] [$when|at $place|mi amor|]?
food_open += [hice|I made|abuela made|queda] $food [ven a comer|, te guardo|, want some|pa la <event>]
  | [que rico|so rico|delicioso] [the|ese|tu] $food [from $place|de $who|ayer|]
late_one += [trafico|traffic|an accident|un tapon] on [the Palmetto|the 826|95|la 8|the turnpike] [ya voy|be there in
    $mins|bro|, wait for me|, ay dios]
"""

COMMUNITY = Community(
    name="miami",
    utc_offset_hours=-5,
    grammar=GRAMMAR,
    abbreviations="""\
you=u 5|your=ur 4|are=r 2|okay=k,okey 3|tomorrow=tmrw,mañana 5|because=bc,cuz,cause 5|please=pls,porfa 6
thanks=thx,ty 4|want to=wanna 6|going to=gonna 7|with=w 2|que=q,k 5|por que=pq,xq 5|para=pa 6|tambien=tb 4
tonight=tonite 2|people=ppl 3|got to=gotta 5|I don't know=idk 5|about=abt 2|beautiful=bella 2
right now=rn,ahora 4|love you=tqm,ily 4|te quiero=tqm 4|though=tho 4|by the way=btw 4|oh my god=omg 5
let me know=lmk 5|on my way=omw 5|birthday=bday,cumple 5|also=tambien 3|estoy=toy 4|esta=ta 4|abuela=abu 2
minutes=min 3|brother=bro 4|grandma=abuela 5|but=pero 4|ok=dale 2|favor=fa 1|donde=dnd 3|bueno=weno 2
""",
    tag_rate=0.2,
    lower_rate=0.55,
    apostrophe_rate=0.5,
    emoji="😂 ❤️ 😍 🙏 😘 🥰 🤣 💃 🔥 😭 ☕ 🇨🇺 🙄 :) <3 🌴",
    emoji_rate=0.24,
)
