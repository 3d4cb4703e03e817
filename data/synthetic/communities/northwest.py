"""Friends and families between Liverpool and Manchester: northern English, football, pub, shifts."""

from data.synthetic.community import Community

GRAMMAR = """
name :: Gaz/m, Steph/f, Liam/m, Shaz/f, Macca/m, Beth/f, Deano/m, Kelly/f, Jonesy/m, Chloe/f, Robbo/m, Leanne/f,
  Tony/m, Gemma/f, Danny/m, Our Kid/m, Paula/f, Sean/m, Hayley/f, Baz/m, Jodie/f, Craig/m, Nat/f, Mick/m, Shell/f,
  Callum/m, Tracey/f, Ste/m, Emma/f, Kev/m, Donna/f, Wayne/m, Ange/f, Phil/m, Becky/f, Smithy/m, Rach/f, Carl/m,
  Lyndsey/f, Neil/m
place :: town, the Crown, ours, Asda, the Trafford Centre, the Railway, Bolton, Wigan, the Arndale, Nando's,
  Southport, Aldi, the social club, Piccadilly, Lime Street, Salford, the chippy, Birkenhead, Stockport, Matalan, the
  Red Lion, Bury market, Anfield, Spoons, the Albert Dock, Chester, Costa, Warrington, the allotment, Blackpool, Media
  City, our mam's, St Helens, the Legion, Formby, Sefton Park, B and Q, Crosby, the Lowry, Widnes
money = <number> quid | £<number> | a tenner | a fiver | £<number>
club :: Everton, Liverpool, United, City, Bolton, Wigan, Tranmere, the reds, Stockport, Burnley, Preston, the blues,
  Rochdale
dish +: chippy tea, a roast, pie and chips, chips and gravy, beans on toast, a full english, bacon butties, scouse,
  cottage pie, fish and chips, a chinese, sausage and mash, toad in the hole, a curry, cheese on toast, pasta bake,
  hotpot, a jacket potato, gammon, bangers and mash, a kebab, sunday dinner
snack +: a brew, crisps, biscuits, a pint, a bacon barm, a sausage roll, cake, scones, custard creams, a cheeky half,
  parkin, eccles cakes, a cuppa
drink +: a pint, a brew, lager, cider, gin, bitter, prosecco
vehicle +: bus, tram, train, taxi, met, 86, night bus, van, number 17, replacement bus
role +: gaffer, boss, manager, foreman, landlord, supervisor, lads, site manager
ingredient +: milk, bread, teabags, spuds, bacon, butter, brown sauce, gravy granules, crumpets, mushy peas, cheese,
  custard
meal : tea, dinner, breakfast, brunch, sunday dinner
kin +: our mam/f, me dad/m, our kid/m, me nan/f, our Jack/m, our Katie/f, the missus/f, me mum/f, our lad/m, me
  auntie/f, her indoors/f, me grandad/m
very :: dead, proper, well, so, really, bloody, right, absolutely, pretty, that, mega, properly
wow :: bloody hell, ey, blimey, aw, oh, ha, jeez, oh aye, ooh, flipping heck, crikey, get in, oh my days
yes :: aye, yeah, sound, nice one, yep, no worries, go on then, right, ok, ta, lovely, champion, boss, sorted, deffo,
  smashing
no :: nah, no, no chance, am I heck, not really, cba, nope, you're joking, not tonight, soz no, give over
so :: anyway, right, so, but, and, mind you, oh and, any road, listen, tell you what, to be fair
friend :: mate, lad, love, la, pal, hun, our kid, chuck, babe, fella, kidda, duck
laugh :: haha, lol, hahaha, ha, ha ha, lmao, hehe, pmsl, hahahaha
good :: boss, sound, mint, class, lovely, great, good, ace, belting, quality, smart, spot on, cracking, buzzing,
  champion
bad :: rubbish, pants, rank, shocking, grim, gutting, bad, dire, minging, awful, pony, naff, rough
hello :: alright, hiya, ey up, hey, iya, morning, now then, yo, hello, y'alright
bye :: ta ra, see ya, laters, tara love, night night, x, nighty night, take care, cheers, see you in a bit, ttfn, love
  ya
tail :: mate, like, eh, innit, love, x, xx, lad, la, tho, pal, you know, or what, xxx
tag = <tail>
feel +: knackered, hanging, starving, made up, gutted, chuffed, skint, freezing, buzzing, shattered, poorly, mithered,
  mardy, parched, bladdered
weather +: chucking it down, freezing, bitter, cracking the flags, lovely out, miserable, pouring, spitting, parky,
  baltic
northern = [are you|you] [coming the|going the|down the] [match|pub|Crown|chippy|shop] [$when|later|or what|after
    work]?
  | me and [our kid|$who|me dad|the lads|her indoors] are [off to|going|at|in] [$place|the pub|the match|town]
    [$when|for tea|for a few|if you fancy it]
  | [had|got|fancy|having] a [brew|pint|bacon barm|cheeky one|kebab] [on|with $who|after work|at $place|?]
  | [put|stick|get] the [kettle|tea|heating|telly|immersion|chips] on [I'm nearly home|will you|love|I'm <feel>|]
  | [can't be|can't be] [mithered|bothered] [with it|today|cooking|going out|with $who|$when] [tbh|like|]
  | [was|were] [you|yous] [out|bladdered|with $who|in town] [<past>|again|] ? [I'm <feel>|me head's banging|heard you
    fell over]
  | [me|my] [back's|head's|knee's] [gone|killing|knackered] again [from|after] [that shift|footy|lifting|the gym]
  | [he|she|$who]'s [doing my head in|not well|a right laugh|proper <feel>|a pain] [today|lately|him|that one|]
  | [it's|weather's] [cracking the flags|chucking it down|baltic|freezing] [here|out|at ours|] [isn't it|bring a
    coat|no footy then|]
  | [what's|what you having] for tea? [we've got|I'm doing|I could go] $food
  | [wheelie bins|brown bin|blue bin|recycling] [out tonight|went yet|is full|day tomorrow] [your turn|don't
    forget|love]
  | [on|starting|just finished] [nights|earlies|lates|a double|me shift] [this week|again|till $when|so I'm <feel>]
  | [nowt|summat|owt] [on telly|planned|in the fridge|from $who|wrong] [tonight|yet|again|like|]
footy = [what a|some|that's a shocking] [goal|save|ref|tackle|miss|signing] [that|la|by the <player_role>|honestly]
  | [3 points|clean sheet|penalty|var|derby day] [get in|lad|is a joke|again|thank god]
  | [up the|come on] [blues|reds|toffees|latics|trotters|$team] [!|lads|]
  | [got|any|need] [spares|a spare|<number> tickets] for [the derby|$team|saturday|the cup]?
  | [5 a side|sunday league] [$when|at <clock>|cancelled], [need a keeper|pitch is frozen|we're short|who's in]
  | [gaffer|ref|linesman|our <player_role>] wants [sacking|his eyes testing|dropping] [honest|la|]
pub = [quiz|karaoke|darts|bingo|live band] [night|tonight|$when] [at $place|in the Crown], [you in|who's coming|we
    need <number>|bring $who] ?
  | [your|whose|my] round [mate|next|lol|then]
  | [in|heading to|just left] $place [now|with $who|for one|, it's heaving|, what you having]
  | [hungover|hanging|rough as] [today|again|, never drinking again|, was it <hour> when we left]
@ day 12 : northern / northern?
@ sport 8 : footy / match_more? / footy?
@ pub 6 : pub / short?
bonfire = [bonny night|fireworks|trick or treat] [at $place|$when|with the kids], [you coming|<pet> hates it|wrap up
    warm|$number quid for sparklers]
@ season 5 months=10,11 : bonfire / short?
plan_open += [fancy|you up for|who's for] [a few|a pint|a scran|a walk|bingo|the match|a brew] [$when|at $place|after
    work|with $who] ?
  | [nipping|popping] [to|round to] $place $when, [want owt|d'you need anything|come with|be <mins> mins]
late_one += [tram's|train's|bus is|M6 is|M62 is] [cancelled|rammed|late|at a standstill|murder] [again|, be there
    $clock|, get the drinks in|]
"""

COMMUNITY = Community(
    name="northwest",
    utc_offset_hours=0,
    grammar=GRAMMAR,
    abbreviations="""\
you=u,ya 4|your=ur,yer 3|my=me 6|tomorrow=tomoz,2moz,tmoz 5|because=cos,coz 7|please=pls,plz 4
thanks=ta,cheers 5|what=wot 3|isn't it=innit 6|want to=wanna 4|going to=gonna,gunna 5|with=wi 1|have=av 2
nothing=nowt 6|anything=owt 6|something=summat,smth 5|tonight=tonite,2nite 4|message=msg,txt 4|people=ppl 2
definitely=deffo,defo 5|got to=gotta,gorra 4|don't know=dunno 5|the=t 1|about=bout,abt 3|see you=cya,see ya 5
love=luv 3|sorry=soz 7|very=v 2|before=b4 2|and=n 3|for=4 1|to=2 1|text=txt 5|birthday=bday 5|though=tho 6
probably=prob,probs 5|to be honest=tbh 6|laughing=laffin 2|weekend=wkend 3
""",
    tag_rate=0.22,
    lower_rate=0.5,
    apostrophe_rate=0.45,
    emoji="😂 🍻 ❤️ 🙈 👍 x xx ⚽ 😩 🤣 😘 :) ;) 🥳 ☕ 🙄 xxx",
    emoji_rate=0.2,
)
