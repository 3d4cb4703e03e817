"""Traders, students and church members in Lagos: Nigerian English and Pidgin, business, prayers, generators."""

from data.synthetic.community import Community

GRAMMAR = """
name :: Chidi/m, Ngozi/f, Emeka/m, Funke/f, Tunde/m, Blessing/f, Segun/m, Aisha/f, Kelechi/m, Yetunde/f, Ifeanyi/m,
  Amaka/f, Musa/m, Bisi/f, Uche/m, Joy/f, Femi/m, Chioma/f, Ibrahim/m, Tolu/f, Obinna/m, Kemi/f, Sunday/m, Patience/f,
  Dele/m, Halima/f, Nnamdi/m, Precious/f, Wale/m, Ebere/f, Gbenga/m, Favour/f, Ade/m, Zainab/f, Okon/m, Grace/f,
  Chuks/m, Ronke/f, Baba Tee/m, Mama Nkechi/f
place :: the shop, Ikeja, Balogun market, Yaba, church, Lekki, Oshodi, the junction, Surulere, Computer Village, Ajah,
  Shoprite, the bus stop, Festac, Alaba, Mushin, CMS, the office, Ojota, Mile 2, Victoria Island, UNILAG, my place,
  Ketu, Idumota, the filling station, Maryland, Agege, Obalende, the bank, Tejuosho, Gbagada, the salon, Iyana Ipaja,
  Berger, Egbeda, the estate gate, Ikorodu, the viewing centre, Apapa
money = <number>k | <number>,000 naira | N<number>000 | <number> thousand | <number>k
club :: Chelsea, Arsenal, Man U, the Super Eagles, Barca, Liverpool, Real Madrid, City, Enyimba
sport +: football, table tennis, draughts, basketball, ludo, boxing
dish +: jollof, eba, amala, pounded yam, suya, egusi, fried plantain, moi moi, beans, indomie, efo riro, ofada, yam
  porridge, pepper soup, akara, fufu, ewedu, ogbono, fried rice, semo, gbegiri, bole, nkwobi, okra soup, ewa agoyin,
  spaghetti, ukwa, afang, catfish, asun
snack +: puff puff, meat pie, chin chin, zobo, malt, coke, groundnut, gala, agege bread, boli, plantain chips, kunu,
  roasted corn, la casera, pure water, coconut candy
ingredient +: rice, garri, palm oil, tomatoes, pepper, onions, yam, crayfish, maggi, groundnut oil, beans, plantain,
  stockfish, ugu, semovita, sachet milk, milo, ponmo
vehicle +: danfo, okada, keke, bolt, bus, BRT, uber, motor, night bus, car
role +: customer, oga, supplier, pastor, landlord, manager, madam, agent, dispatch rider, apprentice, importer,
  carpenter, tailor
thing +: generator, phone, charger, fuel can, wig, ankara, POS, power bank, fan, inverter, wrapper, gele, rechargeable
  lamp, sneakers, deep freezer, stabiliser
clothes +: ankara, lace, agbada, gown, native, shoes, slippers, wig, aso ebi, senator, face cap, isi agu
appliance +: gen, light, pump, inverter, fridge, fan, tap, freezer, socket, meter
kin +: my mumsy/f, popsy/m, my sister/f, my brother/m, my aunty/f, my wife/f, my husband/m, my uncle/m, mama/f,
  daddy/m, my in law/m, my pikin/m, my junior sister/f
very :: very, too, so, really, just too, proper, quite, very very, seriously, highly
wow :: ah, ehn, chai, haba, omo, ha, wow, ehen, kai, hian, chineke, see wahala, ewo, na wa, wetin
yes :: ok, ok sir, yes, alright, no wahala, yes o, ok ma, noted, sure, amen, oya, ehen, I hear, no problem, okay dear,
  na true
no :: no, no o, lai lai, mba, not yet, no vex, at all, never, no be so, e no possible, abeg no
so :: so, but, and, abeg, sha, then, please, meanwhile, by the way, oya, even sef
friend :: my dear, bro, oga, my guy, sis, sir, ma, boss, my sister, chairman, dear, padi, egbon, aunty, baba
laugh :: lol, haha, hahaha, lolz, lwkmd, hahahaha, hehe, lmao, kikiki
good :: good, sweet, fine, nice, correct, great, mad o, wonderful, beautiful, sure, blessed, perfect
bad :: bad, rough, wicked, hard, terrible, nonsense, bad gan, tough, annoying, useless, painful
hello :: hello, good morning, how far, hi, good afternoon sir, my dear, hey, good evening ma, bros, happy sunday, how
  now, wassup
bye :: bye, good night, god bless, stay blessed, take care, later, it is well, safe journey, greet everybody, sleep
  tight, thanks, we go see
tail :: o, abeg, sha, sef, oo, joor, sir, ma, jare, na, ehn, ooo, abi, my dear, kwa
tag = <tail>
feel +: tired, hungry, fine, busy, broke, happy, vexed, sick, blessed, stressed, grateful, confused, tire, weak, ready
weather +: hot, raining, dusty, sunny, harmattan, pouring, cool
tech_problem +: drag, debit me twice, show network error, log me out, decline the card
work_problem +: they took light, fuel finished, the container has not cleared, customer never pay, network was bad,
  dollar went up again, the rider got lost
pidgin = [how far|how you dey|wetin dey happen|how body|how market] [$to|<friend>|today|now|] [?|you don
    chop|everything fine] ?
  | [I dey|we dey|$who dey] [come|house|road|$place|work|market|kampe] [now|$when|since morning|, I go call you|dey
    wait you]
  | [abeg|please|oya] [send|help me buy|bring|keep|pick] [<grocery>|my change|the <thing>|account number|<dish>|my
    call] [come|for me|now|, I go pay|before <clock>|]
  | [no|they no] [light|fuel|network|water] [since <past>|for here|again|all day] [o|na wa|I don tire|, gen don
    spoil|]
  | [$who|<kin>|that <role>] [don|never] [come|pay|chop|call|reach|marry|travel] [o|yet|since|again|abi]
  | [I no|we no|e no] [get|know|fit|wan] [money|come|understand|go $place|do again|talk too much]
    [now|today|abeg|sha|o]
  | [wetin|who|where|how much] [you dey|be] [do|the price|chop|that|your last price|go] [now|there|today|$to|] ?
  | [as in|see ehn|the thing be say], [$who|<person>|the <role>|my <appliance>] [no try|is <very> <bad>|just dey
    <tail_verb> me|don spoil|dey vex] [o|for real|sha|]
  | [god|the lord|jesus] [will|go] [do it|bless you|provide|protect us|see you through|perfect everything]
    [$to|amen|my dear|this year]
  | [how is|how's] [the family|work|business|your side|madam|<kin>|market] [today|hope all is well|?|]
  | [they sell|e dey|I see am for|price is] <money> [for $place|o|last week e be <money>|, make I buy|per carton]
  | [e don tey|long time|since ages] [I see you|no see|we talk] [o|abeg call me|, how family|, come $place $when]
  | [I don|we don|she don] [chop|reach|close|sleep|buy am|tell am|send am|finish] [sha|o|since|already|, you nko]
  | [na|no be] [lie|so|true|god|wa|me] [o|you talk|I swear|abi|at all]
trade = [new|fresh] stock [has arrived|don land|of <clothes>|of <thing.pl>] [at $place|o|, <money> each|, dm for
    price|, first come first serve]
  | [customer|dear], your [order|<thing>|goods|<clothes>] is [ready|<money>|on the way|with the rider|out of stock]
    [for pick up|thanks for patronage|o|, kindly pay balance|]
  | [have you|did you] [paid|sent|transferred|received|confirmed] [the $cash|the alert|the goods|balance|the waybill]
    [yet|sir|ma|abeg|]?
  | [how many|which colour|what size] [do you want|are you buying|of <clothes>|for the <event>] [ma|sir|dear|]? [we
    have <colour> and <colour>|<number> remain|<money> last]
  | [price of|one bag of] <grocery> is now <money> [o|na wa|, how we go cope|at $place]
  | [I will|make I] [waybill|send|deliver] [it|the <thing>|your goods] to $place $when [by god's grace|with the
    rider|o|]
church = [service|vigil|choir practice|bible study|thanksgiving|night prayer] [starts|is|holds] [at <clock>|$when|by
    <hour>], [don't be late|come with $who|wear <colour>|pastor is <vp.ing>]
  | [happy sunday|happy new month|good morning] [$to|my dear|sir|brethren], [may god bless you|have a blessed week|see
    you in church|more grace]
  | [it is well|thank god|we thank god|to god be the glory] [for life|for everything|o|, $who is better|, amen]
  | pastor [preached about|spoke on|warned us about] [<topic_noun>|patience|forgiveness|faith|giving] [today|, it
    touched me|$when|]
owambe = [the|$who's|<kin>'s] [owambe|wedding|naming ceremony|traditional|party] is $when [at $place|o], [aso ebi is
    <money>|you must come|have you sewn your <clothes>|jollof must flow|transport don set]
  | [compliments of the season|merry christmas|happy new year|eid mubarak|happy sallah] [$to|o|my people|sir|ma],
    [where is my rice|send ram|are you going to the village|more blessings]
@ day 13 : pidgin / pidgin?
@ money 9 : trade / trade? / short?
@ faith 5 : church / short?
@ season 7 months=12,1,4,6 : owambe / pidgin?
plan_open += [will you|are you going to|hope you will] [come to|attend|make it to|follow us to] [the $event|church|the
    <event>|service] $when [o|abi|with madam|]?
  | [make we|let us] [go $place|see $when|meet for $place|chop $food|watch ball] [$when|with $who|]
late_one += [go slow|hold up|traffic] [dey|is <very> <bad>|for|at] [Third Mainland|Oshodi|$place|this road] [o|abeg|,
    I go late|since <mins> minutes|]
  | [driver|conductor|okada man] [no get change|is <vp.ing>|dey shout|just carry us go <place>] [o|abeg|lol|]
"""

COMMUNITY = Community(
    name="lagos",
    utc_offset_hours=1,
    grammar=GRAMMAR,
    abbreviations="""\
you=u 7|your=ur 6|are=r 4|okay=okk,k 3|tomorrow=2moro,tmrw,tomoro 5|because=cos,bcos,becos 7|please=pls,plz 7
thanks=tnx,thnks 5|what=wat,wot 4|want to=wanna 2|with=wit,wt 4|have=av,hv 4|the=d,de 5|that=dat 6|this=dis 6
them=dem 5|there=dere 3|then=den 3|message=msg 4|people=pple,ppl 4|see you=c u 3|before=b4 5|and=n,nd 5
for=4 2|good=gud 4|love=luv 3|my=ma,mi 2|money=moni 3|going=goin 3|happy=hapi 3|something=smtin,sth 4
nothing=nothin 2|thing=tin 4|now=nw 4|how=hw 3|day=dey 1|family=fam 2|know=knw,no 4|well=wel 2|brother=bro 4
birthday=bday,birthdae 4
""",
    tag_rate=0.3,
    lower_rate=0.4,
    apostrophe_rate=0.4,
    emoji="😂 🙏 ❤️ 🤣 😭 🙌 👏 💃 🔥 😩 💯 :) 🥰 😎 🎉 🤦",
    emoji_rate=0.18,
)
