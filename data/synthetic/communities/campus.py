"""American college students who game: US slang, lower case, memes, dining hall and dorm."""

from data.synthetic.community import Community

GRAMMAR = """
name :: Tyler/m, Maddie/f, Jake/m, Hannah/f, Ethan/m, Kayla/f, Noah/m, Brooke/f, Connor/m, Sierra/f, Logan/m, Jess/f,
  Zach/m, Lexi/f, Brandon/m, Taylor/f, Mason/m, Paige/f, Devin/m, Ava/f, Hunter/m, Morgan/f, Caleb/m, Sydney/f,
  Trevor/m, Skylar/f, Jamal/m, Aaliyah/f, Austin/m, Quinn/f, Cole/m, Destiny/f, Marcus/m, Reese/f, Drew/m, Tori/f,
  Max/m, Riley/f, Chad/m, Bri/f
place :: the dining hall, the library, my dorm, the quad, Chipotle, the rec, Starbucks, Target, the union, Taco Bell,
  the lab, frat row, Walmart, the lot, the science building, Panda, your place, the lounge, IHOP, the stadium, Waffle
  House, Kroger, the basement, Chick-fil-A, the Apple store, the mall, downtown, the laundry room, Costco, north
  campus, the engineering building, the bookstore, the arcade, Dunkin, office hours, Best Buy, Trader Joe's, the roof,
  Wendy's, the bus loop
money = $<number> | <number> bucks | <number> dollars | like $<number>
club :: the Lakers, the Bears, the Celtics, Ohio State, the Cowboys, the Eagles, the Warriors, Michigan, the Yankees,
  the Bulls, the Chiefs, our team
sport +: basketball, ultimate, intramurals, volleyball, spikeball, flag football, lifting, pickleball, soccer
dish +: chipotle, wings, pizza, mac and cheese, burgers, ramen, chick fil a, burritos, tacos, pancakes, bagels,
  nuggets, quesadillas, hot pockets, waffles, orange chicken, a sub, tater tots, cereal, poke, corn dogs, panda
  express, sliders, meatloaf
snack +: boba, iced coffee, doritos, cookies, takis, goldfish, a slurpee, donuts, gatorade, red bull, oreos, froyo,
  cheez-its, poptarts, mountain dew, hot cheetos
vehicle +: bus, uber, shuttle, car, lyft, bike, scooter, amtrak, campus shuttle, truck
role +: manager, boss, RA, advisor, landlord, coach, TA, supervisor, shift lead
school_work +: midterm, pset, essay, final, lab, quiz, discussion post, group project, paper, problem set, reading,
  exam, capstone, homework, coding project
subject +: calc, orgo, bio, chem, econ, CS, stats, psych, physics, anthro, linear algebra, gov, intro to film, data
  structures, comp lit, astro
school_person +: prof, TA, roommate, lab partner, advisor, RA, group, professor
grade +: an A, a B plus, a C minus, an 87, a 52, a 94, full credit, extra credit
kin +: my mom/f, my dad/m, my roommate/m, my sister/f, my brother/m, my grandma/f, my stepmom/f, my lil bro/m, my
  cousin/f, my suitemate/f, my uncle/m
very :: so, lowkey, super, hella, really, literally, highkey, kinda, pretty, mad, actually, insanely, stupid,
  ridiculously, way too
wow :: bruh, omg, dude, yo, wait, lmao, oof, yikes, bro, damn, ayy, no way, whoa, what the heck, rip, sheesh, jeez,
  welp
yes :: yeah, bet, ok, for sure, yup, say less, yea, cool, facts, down, k, aight, sounds good, word, fasho, ofc, sweet
no :: nah, nope, no, hard pass, naw, not rn, no cap no, lol no, i wish, absolutely not, negative
so :: so, wait, also, but, like, anyway, ok but, and, ngl, oh also, btw, ok so
friend :: bro, dude, man, bruh, my guy, girl, fam, bestie, homie, dawg, king, queen, yall, chief
laugh :: lol, lmao, haha, lmaoo, hahaha, LOL, ha, rofl, bahaha
good :: fire, good, sick, lit, dope, solid, awesome, great, clutch, valid, goated, cool, elite, a vibe, insane,
  bussin, chill
bad :: trash, bad, mid, rough, brutal, cringe, sus, garbage, sad, gross, lame, cursed, scuffed, wack, terrible
hello :: yo, hey, sup, hi, ayo, heyy, what's up, morning, wassup, howdy
bye :: later, gn, peace, see ya, ttyl, night, bye, deuces, cya, love ya, catch you later, be safe
tail :: lol, bro, tho, dude, lmao, fr, ngl, man, tbh, rn, or nah, fr fr, haha, no cap, smh
tag = <tail>
hedge :: like, literally, honestly, I think, lowkey, ngl, tbh, kinda, I guess, basically, probably, maybe, imo, idk
feel +: dead, tired, hungry, stressed, bored, done, cooked, hyped, wiped, fried, salty, broke, sick, hungover, pumped,
  freaking out, so over it
college = [who's|anyone|you] [tryna|down to|trying to] [<vp_play>|get <dish>|hit the gym|run <game>|pull an all
    nighter|go to <place>] [rn|$when|later|with me|]?
  | I'm [<very>|] [tryna|about to|finna|not gonna] <vp> [rn|tonight|before class|lol|]
  | [my roommate|$who|this kid in my <subject> class|the TA|some freshman] [just|literally|is] [<vp.ed>|walked
    out|asked if <name> is <feel>|showed up in <clothes>|slept through the <school_work>] [lmao|I'm dead|and dipped|no
    joke|]
  | [skipping|slept through|late to|walking to] [<subject>|my 8am|lecture|lab|discussion] [again|today|rip|send
    notes|with $who]
  | [dining hall|commons|$place] [has|had] [<dish>|<snack>|nothing good|a line out the door|that <adj> <dish>]
    [tonight|again|run|who's coming|]
  | that [<subject> <school_work>|<school_work>|lecture|party|game] was [actually|lowkey|so|straight up]
    [<good>|<bad>|impossible|unfair|free]
  | [ngl|lowkey|honestly|tbh] [I might|I should|we should|I kinda want to] [<vp>|drop <subject>|transfer|get
    <snack>|text $who]
  | [venmo [me|$who] for|pay me for|remind $who about] [the <bill>|<dish>|last night|the uber] [when you get a
    chance|$cash|plz|]
  | [why|how] is [<subject>|parking|rent|my <adj> roommate|the wifi|tuition|the laundry room] so
    [<bad>|expensive|loud|<adj>]
  | [registration|rush|spring break|homecoming|move out|finals week] is [$when|a mess|coming up|gonna be <good>],
    [what are you taking|you going|I'm not ready|plan something]
  | [can't|couldn't] [even|] [log in|find my <thing>|focus|function|wake up] [without <snack>|today|in this
    weather|rn|]
  | [left|dropped|spilled <snack> on] my <thing> [at $place|in the <room>|again|f] [can you grab it|I'm so dumb|lol|]
  | [that's|this is] [so|such a] [real|true|you|mood|vibe|L|W|flex] [lol|bro|honestly|]
discord = [hop|get|come] on [$game|discord|vc|the server] [rn|in <mins>|we need <number>|after <subject>|with <name>]
  | [queue|queueing|one more|gg|last] [ranked|game|match|run|?] [then bed|$when|with $who|no throwing|]
  | [got|hit|stuck in|dropped to] [diamond|gold|plat|bronze|elo hell|master] [finally|last night|again|carried by
    <name>|solo]
  | [my|your|his] [aim|ping|build|mic|duo|k d] is [<very> |][<bad>|<good>|cracked|lagging|washed] [today|rn|lol|]
  | [they|devs|riot] [nerfed|buffed|broke|fixed] [my main|the <game_thing>|everything|healers] [again|thank god|smh|]
@ day 13 : college / college?
@ gaming 8 : discord / game_more? / discord?
thanksgiving = [flying|driving|going] home [for thanksgiving|for break|$when], [need a ride to the airport|who's
    staying|<kin> is making <dish>|back <weekday>]
  | [happy thanksgiving|happy halloween] [$to|all|<friend>], [what's your costume|so much <dish>|I'm a <noun> this
    year|party at <place>]
@ season 7 months=10,11 : thanksgiving / short?
plan_open += [you|yall] [down|tryna] [to |for ][$plan|<dish>|smash|a movie|a kickback] [$when|at $place|or nah|w $who]
    ?
  | [pulling up|heading] to $place [$when|in $mins], [slide|you coming|need anything|come thru]
work_moan += my [shift|manager|register|coworker] [is|was] <very> [dead|<bad>|busy|<trait>] [tonight|at $place|and I
    close|]
  | [got|picked up|need someone to cover] [a shift|my shift|doubles] $when [lol|for the money|plz|]
"""

COMMUNITY = Community(
    name="campus",
    utc_offset_hours=-5,
    grammar=GRAMMAR,
    abbreviations="""\
you=u 5|your=ur 4|are=r 2|okay=k,kk,aight 4|tomorrow=tmrw,tmr,tmw 6|because=cuz,bc,cause 8|please=plz,pls 4
thanks=thx,ty,thnx 6|want to=wanna 8|going to=gonna 8|with=w 5|have=hav 1|never mind=nvm 8|tonight=tn 4
people=ppl 6|got to=gotta 7|don't know=dunno 3|I don't know=idk 8|about=abt,bout 4|I mean=imean 1
see you=cya,see ya 4|right now=rn 8|to be honest=tbh 6|not going to lie=ngl 6|though=tho 7|I'm going to=imma 3
what=wut 2|probably=prob,prolly 6|homework=hw 6|by the way=btw 6|oh my god=omg 6|what's up=sup,wassup 5
kind of=kinda 7|let me know=lmk 7|on my way=omw 7|minutes=min,mins 4|favorite=fav 4|why=y 1|and=n 1
""",
    tag_rate=0.24,
    lower_rate=0.85,
    apostrophe_rate=0.65,
    emoji="💀 😭 😂 🔥 😤 🤡 👀 🥲 🫡 :) :/ xD <3 😩 🤝 🐐",
    emoji_rate=0.13,
)
