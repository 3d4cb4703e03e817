"""Office workers in Bengaluru, Pune and Delhi: Indian English with Hindi mixed in, formal turns, cricket, chai."""

from data.synthetic.community import Community

GRAMMAR = """
name :: Rahul/m, Priyanka/f, Amit/m, Sneha/f, Vikram/m, Pooja/f, Arjun/m, Neha/f, Suresh/m, Kavya/f, Rohit/m,
  Anjali/f, Manish/m, Divya/f, Karthik/m, Shreya/f, Sanjay/m, Ritu/f, Deepak/m, Meera/f, Nikhil/m, Swati/f, Prakash/m,
  Lakshmi/f, Varun/m, Aarti/f, Ganesh/m, Nandini/f, Ajay/m, Isha/f, Harish/m, Preeti/f, Mohit/m, Radhika/f, Tarun/m,
  Bhavna/f, Imran/m, Fatima/f, Sunny/m, Gayatri/f
place :: Koramangala, the canteen, Indiranagar, the office gate, MG Road, Whitefield, the metro station, Phoenix mall,
  Hinjewadi, Majestic, my PG, HSR layout, Connaught Place, the food court, Electronic City, Lajpat Nagar, the pantry,
  Shivaji Nagar, cafeteria block, Baner, Marathahalli, Saket, the temple, Jayanagar, Viman Nagar, the society gate,
  BTM, Cubbon Park, Gurgaon, Noida, Karol Bagh, Silk Board, the tea stall, Brigade Road, Hebbal, Wakad, FC Road,
  sector 18, Dadar, the cyber hub
money = <number> rs | rs <number>00 | <number> rupees | <number>k | <number> lakhs
club :: India, RCB, CSK, Mumbai Indians, KKR, Delhi Capitals, the Royals, SRH, Gujarat
sport +: cricket, badminton, gully cricket, carrom, kabaddi, table tennis, football
dish +: biryani, dosa, idli, paneer, rajma chawal, chole bhature, dal, roti, pav bhaji, sambar, paratha, vada pav,
  pulao, poha, upma, butter chicken, thali, khichdi, momos, aloo gobi, maggi, misal, uttapam, curd rice, fish curry,
  puri bhaji, hakka noodles, egg bhurji, palak paneer
snack +: chai, samosa, filter coffee, pani puri, jalebi, lassi, pakoda, bhel, ladoo, gulab jamun, kulfi, mithai,
  bhujia, kachori, badam milk, banana chips
ingredient +: atta, dal, paneer, curd, ghee, onions, tomatoes, milk, coriander, jeera, rice, besan, haldi, hing,
  methi, curry leaves, sabudana
vehicle +: auto, cab, metro, ola, bus, local train, volvo, bike, uber, shuttle, company cab
role +: manager, TL, onsite lead, client, HR, team lead, scrum master, delivery head, architect, VP
work_doc +: PPT, tracker, timesheet, deck, code, release notes, excel, MOM, status report, JIRA ticket, invoice, test
  cases, appraisal form, SOW
work_event +: standup, client call, sprint review, one on one, release, KT session, scrum call, townhall, retro,
  onsite call, deployment
work_problem +: the build failed, prod is down, the client escalated, VPN is not working, there was a power cut, the
  onsite team did not reply
kin +: my mummy/f, papa/m, my bhaiya/m, my didi/f, my wife/f, my husband/m, nani/f, my cousin brother/m, my cousin
  sister/f, my mausi/f, chacha/m, my son/m
very :: very, too much, so, really, quite, full, bahut, super, total, damn, little, very very
wow :: arre, arey, oh, accha, oho, wah, hai ram, are yaar, oh ho, kya baat hai, uff, hmm, superb, oye, chalo
yes :: ok, haan, yes, sure, theek hai, done, ok ok, yes yes, accha, no issues, ya sure, okay ji, pakka, ho jayega,
  noted, chalega
no :: nahi, no, no yaar, not possible, nahi yaar, no no, not like that, abhi nahi, no chance, not at all, leave it
so :: so, and, but, actually, also, anyways, btw, one more thing, aur, means, waise
friend :: yaar, bro, bhai, boss, dear, sir, ji, macha, dude, da, madam, guru
laugh :: haha, hahaha, lol, hehe, hahahaha, rofl, hehehe, ha ha
good :: good, nice, superb, mast, awesome, badhiya, fine, too good, best, jhakaas, first class, excellent, ekdum mast
bad :: bad, bekar, boring, pathetic, worst, hectic, ganda, irritating, bakwas, third class, waste, horrible
hello :: hi, hello, hey, good morning, gm, arre, namaste, hi dear, oye, hello ji
bye :: bye, good night, gn, take care, ok bye, tc, chalo bye, see you, tata, ttyl, regards, miss you
tail :: yaar, na, only, bhai, ji, no, da, haan, ok, bro, yaar please, ya, right, kya
tag = <tail>
hedge :: I think, actually, basically, maybe, only, as such, I feel, simply, kind of, means, mostly, like, na
hinglish = [kya|so what] [kar rahe ho|chal raha hai|hua|plan hai|scene hai] [aaj|<friend>|$when|abhi|]?
  | [kab|kitne baje|where] [aa rahe ho|aaoge|nikalna hai|milna hai|reach hoge] [$to|$place|office|ghar|] ?
  | [main|I am|we are] [aa raha hoon|nikal gaya|still stuck|on the way|pahunch gaya], <mins> [min|mins]
    [lagenge|more|ruko|wait karo]
  | [khana|chai|nashta|lunch] [kha liya|ho gaya|piyoge|chalega|mangwa lu] [kya|<friend>|$to|]?
  | [mummy|papa|$who|boss] [bol rahe the|ne bola|is telling|keeps telling] [ghar aao|shaadi karo|jaldi karo|to
    <vp>|call karne ko] [lol|na|]
  | [please|pls|kindly] [do the needful|revert|confirm|adjust|share the <work_doc>|look into this|wait karo] [today|by
    EOD|asap|at the earliest|na|yaar]
  | [I am having|we are having|he is having] [fever|one doubt|a meeting|too much work|exam|headache|guests]
    [today|only|since morning|at $clock|$when]
  | [kal|aaj|parso] [chutti|office|meeting|match|WFH|shaadi] [hai|hai kya|nahi hai|pakka], [aana|batao|you
    coming|bring <snack>|come fast]
  | [tension|itna|jyada] [mat lo|mat socho] [yaar|sab theek ho jayega|$to|ho jayega|]
  | [traffic|baarish|garmi|bijli|net] [bahut|itni|again] [hai|ho rahi hai|nahi hai|problem] [aaj|at $place|so
    WFH|yaar|]
  | [kitna|how much] [hua|lagega|rent hai|salary|discount] [for the <bill>|bhai|approx|total] ?
  | [out of station|native|hometown|village] [ja raha hoon|going|till <weekday>|$when] [for <few> days|with family|,
    ticket confirm ho gaya|]
  | [bas|timepass|kuch nahi], [ghar pe hoon|<vp.ing>|office mein hoon|watching <film_kind>|so raha tha]
  | [photo|number|location|link|OTP] [bhejo|send karo|share karna|de do] [na|$who ka|jaldi|please|]
cricket = [kohli|rohit|bumrah|our opener|$team|dhoni] [kya|what a|again] [shot|innings|out|catch|six|batting]
    [yaar|tha|ho gaya|!|]
  | [score|match] [kya hai|kitna hua|dekha kya|at <clock>|tickets mil gaye] [<friend>|$to|?|]
  | $team [won|lost|need <number> runs|all out|batting first] [yaar|by <number> wickets|in <number> overs|finally|]
  | [turf|ground|net] booking [$when|at <clock>|done], [<number> rs each|we are <number> people|bring bat|who all
    coming]
onsite = [release|deployment|build|prod issue|client call] [$when|at <hour> pm IST|got postponed|failed again|went
    fine] [so late night|pls join|yaar|keep <name> in loop|]
  | [appraisal|hike|promotion|offer letter|notice period] [kab|is <bad>|mil gaya|letter aaya|is $number percent] [this
    year|yaar|congrats|?|]
  | [taking|applied|need] [leave|half day|WFH|comp off] $when [for <event>|as <kin> is not well|, pls approve|]
  | [cab|login|ID card|VPN|laptop] [not came|issue|expired|not working|late hai] [again|yaar|raise ticket|please
    help|]
  | PFA the $doc, [kindly check|please review|do let me know|comments are incorporated] [and revert|by EOD|once|]
festival = [happy diwali|happy holi|happy navratri|happy dussehra|shubh deepavali] [$to|to you and
    family|all|ji|bhai], [ghar kab aa rahe ho|mithai bhej do|stay blessed|enjoy]
  | [tickets|rangoli|crackers|sweets|puja] [booked|le aana|banayi|kitne baje|for diwali] [kya|$when|na|with $who|]
@ day 13 : hinglish / hinglish?
@ sport 9 : cricket / short? / cricket?
@ work 8 : onsite / work_done?
@ season 8 months=10,11,3 : festival / short?
plan_open += [chalo|let us|shall we] [go for|have|do] [<snack>|<dish>|movie|lunch|trekking] [$when|at $place|na|today
    itself|in evening]
  | [this|coming] [saturday|sunday|friday] [free ho|any plan|$place chale|movie chalein] <friend>?
favour_open += [kindly|please] [help me with|share|arrange|send] [the <work_doc>|$who's number|cab|one $thing|notes]
    [na|today only|at the earliest|if possible]
late_one += [stuck in|too much|heavy] traffic at $place [yaar|only|since <mins> mins|, start the call|]
  | auto [nahi mil raha|bhaiya is asking <money>|cancelled twice|]
"""

COMMUNITY = Community(
    name="india",
    utc_offset_hours=5.5,
    grammar=GRAMMAR,
    abbreviations="""\
you=u 5|your=ur 4|are=r 3|okay=ok,k 4|tomorrow=tmrw,tom,tmw 5|because=bcoz,bcz,coz 6|please=plz,pls 6
thanks=thnx,thx,tnx 5|what=wt,wat 3|want to=wanna 1|with=wid 3|have=hv 4|message=msg 6|people=ppl 3|very=vry 1
the=d,da 1|that=dat,tht 2|about=abt 5|see you=c u 2|good morning=gm 4|good night=gn 5|before=b4 2|and=n,nd 4
for=fr 2|this=dis 2|is=iz 1|nahi=nhi 6|hai=h 4|kya=ky 1|hoon=hu,hun 5|raha=rha 5|meeting=mtg 4|office=ofc 4
bhai=bhaii 2|birthday=bday 5|brother=bro 3|call=cal 1|how=hw 2|from=frm 3|will=wil,ll 2|some=sm 1
morning=mrng 4|evening=evng,eve 3|weekend=wkend 2
""",
    tag_rate=0.24,
    lower_rate=0.45,
    apostrophe_rate=0.5,
    emoji="🙏 😂 👍 😊 😅 🎉 ❤️ 🤣 😁 💐 :) 🙂 🔥 😜 👌 🥳",
    emoji_rate=0.2,
)
