"""Students in Singapore: Singlish with Hokkien and Malay words, final particles, clipped grammar."""

from data.synthetic.community import Community

GRAMMAR = """
name :: Wei Jie/m, Hui Min/f, Farid/m, Xin Yi/f, Jun Hao/m, Nurul/f, Kai/m, Siti/f, Zhi Wei/m, Priya/f, Ah Seng/m, Mei
  Ling/f, Darren/m, Shu Ting/f, Hafiz/m, Jia Hui/f, Ravi/m, Cheryl/f, Bryan/m, Aisyah/f, Yong Sheng/m, Huiling/f,
  Marcus/m, Pei Shan/f, Irfan/m, Joanne/f, Boon/m, Kavitha/f, Desmond/m, Li Ting/f, Syafiq/m, Yvonne/f, Guan Ming/m,
  Rachel/f, Zul/m, Sok Hwee/f, Terence/m, Wan Ting/f, Alvin/m, Diyana/f
place :: Clementi, the canteen, Tampines Mall, Bugis, Jurong East, the LT, Vivo, Bishan, school, Serangoon, Woodlands,
  my block, Toa Payoh, Orchard, the hawker centre, Hougang, Paya Lebar, Simei, Dhoby Ghaut, the void deck, Yishun,
  Bedok, Causeway Point, East Coast, Buona Vista, Kent Ridge, Changi, the kopitiam, hall, Sengkang, Punggol, City
  Hall, Little India, Chinatown, Harbourfront, the MRT, Kallang, the science park, Pasir Ris, Nex
money = $<number> | <number> bucks | <number> dollars
club :: Liverpool, Man U, Arsenal, Chelsea, Spurs, the Lions, City, our faculty
dish +: chicken rice, laksa, mee goreng, char kway teow, nasi lemak, cai png, ban mian, prata, mala, satay, wanton
  mee, bak kut teh, roti john, fishball noodles, hokkien mee, yong tau foo, carrot cake, mee siam, chilli crab, rojak,
  duck rice, popiah, economic rice, mee rebus
snack +: bubble tea, kopi, teh peng, milo, kaya toast, ice kachang, curry puff, tau huay, pandan cake, durian, kueh,
  chendol, ice milo, teh tarik
vehicle +: MRT, bus 96, bus 151, grab, bus 74, circle line, cab, LRT, bus 199, train, bus 10, green line
role +: boss, sergeant, officer, uncle, auntie, teacher
school_work +: tutorial, lab report, project, FYP, CA, quiz, midterm, essay, A level paper, common test, prelim, group
  project
subject +: chem, econs, A maths, physics, GP, CS, stats, chinese, bio, PW, calculus, accounting
sport +: badminton, floorball, captain's ball, soccer, dragon boat
kin +: my mum/f, my dad/m, my ah ma/f, my bro/m, my jie/f, my cousin/m, my auntie/f, my gong gong/m, my helper/f
very :: so, damn, very, super, quite, really, too, darn, bloody, freaking, abit
wow :: wah, wah lau, aiyo, alamak, eh, huh, walao, haiz, wow, omg, sian, aiyah, oi, wa
yes :: ok, ok lor, ya, can, can can, yup, ok lah, yah, sure, steady, no prob, okie, orh, of course lah, onz, swee
no :: no lah, cannot, don't have, nope, nah, not yet, no need, never, no la, cannot leh, where got
so :: then, so, anyway, eh, btw, but, and, actually ah, wait ah, eh btw
friend :: bro, dude, dear, babe, sia, ah boy, girl, brudder, boss
laugh :: haha, hahaha, lol, hehe, lols, wahaha, hehehe, heh
good :: shiok, nice, good, not bad, steady, cool, solid, fun, power, best, sedap
bad :: sian, jialat, bad, cui, lousy, sad, xiong, teruk, boring, cheem, rabak, stress
hello :: eh, hey, hello, hi, yo, oi, morning, wei
bye :: bye, see you, nite, ok bye, cya, good night, gtg, jumpa, byebye, take care
tail :: lah, lor, leh, ah, sia, hor, meh, la, mah, liao, one, wor, liao lor, sia haha
tag = <tail>
feel +: sian, tired, hungry, shag, paiseh, stress, sleepy, blur, pek chek, happy, dead
singlish = [eat|reach|finish|book|buy|do|go home|bathe|sleep] [already|liao|finish] [anot|or not|ah|leh]?
  | <person> [never|also never|always like that] [come|reply|tell me|do|study|eat] [one|sia|lor|]
  | why you [never|always] [reply|come|tell me|wait|late] [one|ah|sia|]?
  | [can|cannot] [tahan|go|make it|find] [already|sia|lah|leh|]
  | I [reach|reached] [$place|home|school] [liao|already|le], [where you|you where|wait for you at <place>|you come] ?
  | [today|tmr|later] [got|have] [<subject>|<work_event>|rain|tuition|CCA|book in] [anot|or not|ah|right]?
  | [help me|can help me] [chope|buy|tapao|dabao|take] [seat|<dish>|<snack>|notes|the <thing>] [can|leh|thanks|pls|]
  | [the|that] [auntie|uncle|prof|sergeant] [damn|very|super] [fierce|funny|nice|blur|kiasu|niao] [sia|lah|one|]
  | [how come|why] [so|like that|so <bad>] [one|sia|ah]
  | [no choice|bo bian|suck thumb] [lor|lah|], <why>
  | I [scared|think|heard] [later|the prof|they|$who] [cannot|confirm|sure] [make it|kena scolded|fail|late|forget]
  | [queue|crowd|jam] [damn|so] long [at $place|sia|lah|] [go|eat] [somewhere else|<place>|<dish>] [better|lah|bah]
  | [who|anyone] [want|wan] [tapao|order|share cab|jio] [<dish>|<snack>|to <place>|] ?
  | [jio|ask] [$who|<name>|the rest] [come|along|also|go] [leh|lah|can|]
  | [wa|wah|aiyo] [today|the $subject paper|training|the queue|my <body>] [damn|very]
    [xiong|jialat|tough|pain|long|sian]
  | don't [play play|so kiasu|bluff|kpkb|anyhow] [leh|lah|can|sia|]
army = [book out|book in|duty|outfield|guard duty] [when|$when|this week|again|at <clock>] [sian|wah lau|finally|ah]
  | [sergeant|my platoon|encik|the officer] [confirm|say|want|made us] [to|] [run|do area cleaning|stay back|check
    bunk|wake up at <hour>] [again|sia|<past>|]
  | ORD [loh|in <number> days|soon|$when]
cca = [CCA|training|rehearsal|camp] [cancelled|moved|until <clock>|$when|damn shag] [leh|sia|right|yay|]
  | [who|you] going for [camp|the <event>|orientation|supper] [$when|later|at <place>] ah?
cny = [gong xi fa cai|happy cny|huat ah] [$to|all|<friend>|], [ang bao nao lai|got how much|eat too much|bai nian
    <when>]
  | [steamboat|reunion dinner|visiting|gambling] at [$who's|my ah ma's|<place>] $when [come|so many people|lose
    <money> already|]
@ day 14 : singlish / singlish?
@ army 3 : army / short?
@ school 5 : cca / short?
@ season 8 months=1,2 : cny / short?
plan_open += [later|tmr|$when] [wanna|go|want to] [eat|makan|study|mug|supper|watch movie] [at $place|with $who|or
    not|anot|together] ?
  | [jio|jioing] you [guys|all|] [go|for|eat] [$event|$food|<sport>|<place>] $when, [on|can|steady|free] [anot|not|?|]
food_open += [makan|eat] where [later|today|ah]? I [feel like|want] $food
  | [the|that] $food at $place [damn shiok|not bad|sold out liao|so ex|lousy already] [sia|lah|leh|]
late_one += [omw|bus haven't come|train breakdown again|later I reach] [lah|sia|sorry ah|wait ah|]
  | [reach|reaching] in $mins [min|mins] [ah|k|], [chope seat|you go first|wait for me at $place]
work_moan += OT [again|until <clock>|every day] [sian|lah|siao|]
  | my boss [arrow|scold|sabo] [me|$who] [again|sia|to do the $doc|]
"""

COMMUNITY = Community(
    name="singapore",
    utc_offset_hours=8,
    grammar=GRAMMAR,
    abbreviations="""\
you=u 8|your=ur 5|are=r 3|okay=k,okie 4|tomorrow=tmr,tml,tmrw 8|because=cos,bcos 6|please=pls 7
thanks=thx,tks 6|what=wat 6|want to=wanna 4|going to=gonna 3|with=w,wif 3|have=hv 2|never=nvr 4
never mind=nvm 7|later=ltr 3|tonight=tonite 5|message=msg 5|people=ppl 6|very=v 3|already=alr,ady 5
got to=gotta 3|don't know=dunno 7|about=abt 6|meeting=mtg 3|see you=cya,c u 4|home=hm 1|the=de 1|this=dis 1
love=luv 2|that=dat 2|school=sch 6|minutes=mins 5|project=proj 5|lecture=lect 5|and=n 4|why=y 2|before=b4 3
friend=fren 4|right=rite 2|can't=cant,cnt 3
""",
    tag_rate=0.34,
    lower_rate=0.75,
    apostrophe_rate=0.35,
    emoji="😂 😭 🙏 😅 👍 ❤️ 🥲 😴 :) :D :p =) ^^ :( -.- T_T 😋 🤣",
    emoji_rate=0.14,
)
