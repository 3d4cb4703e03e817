"""What people of all communities write about: situations of several messages, and the sentences of each."""

SCENES = """
# --- small words that people choose for themselves ---------------------------------------------------------------
very :: so, really, very, quite, super, pretty, too, kinda, extremely, totally, absolutely, a bit, ridiculously,
  insanely
hedge :: I think, maybe, probably, I guess, tbh, honestly, apparently, I mean, actually, basically, like, to be fair,
  obviously, literally
yes :: yes, yeah, yep, ok, sure, okay, alright, cool, fine, of course, right, yup, ya, great, perfect, no problem,
  sounds good, deal
no :: no, nope, nah, not really, no way, sorry no, not yet, definitely not, not at all, I don't think so
wow :: wow, oh no, omg, oh, ah, haha, nice, what, ugh, hmm, oops, damn, oh dear, aww, phew, whoa, seriously, yay
hello :: hey, hi, hello, morning, hiya, yo, evening, good morning, hey there, oi
bye :: see you, bye, talk later, take care, good night, later, see you soon, sleep well, have fun, love you, cheers,
  speak soon, night
so :: so, anyway, well, btw, also, but, and, ok so, right, by the way, oh and, besides, then again
friend :: mate, dude, man, buddy, dear, friend, love, guys
laugh :: haha, lol, hahaha, hehe, lmao, heh, hahahaha, lolol
good :: good, great, nice, amazing, cool, brilliant, lovely, fun, awesome, perfect, decent, excellent, wonderful, fab
bad :: bad, terrible, annoying, awful, rubbish, boring, horrible, sad, stressful, rough, painful, weird, grim, tragic
person = 3* <name> | <kin> | 0.5* the <role> | 0.3* my <school_person>
be_like : looking forward to, scared of, tired of, thinking about, bored of, excited about, done with, dreading,
  obsessed with
# --- glue: why, asides, replies -------------------------------------------------------------------------------------
why = I [have|need|still have] to <vp>
  | I'm <vp.ing> | $who wants me to <vp>
  | the <vehicle> is [late|full|delayed|so slow|stuck] | I'm [<very> |]<feel>
  | it's <weather> | my <body_part_sore> hurts
  | I promised [<name>|<kin>] I'd <vp> | we [have|need] to <vp> | I forgot to <vp>
  | I <vp.ed> [too late|all day|for hours]
  | <kin> is [here|visiting|sick|coming over|in town]
  | the <appliance> [broke|is leaking|is making a weird noise|is broken again]
  | $who [needs|borrowed|lost|broke|has|took] my <thing>
  | there's a <work_event> [at <clock>|<when>]
  | I couldn't [sleep|find my <thing>|find parking|<vp>]
aside = I'm <very> <feel> [today|now|rn|at the moment|these days|already|again|tbh|]
  | what a [day|week|night|mess|joke|nightmare]
  | <hedge> it [was|is|could be] <very> <good> | still [need|have] to <vp>
  | [gotta|have to|going to|about to|might|should] <vp> [now|soon|first|later|in a bit|]
  | can't [wait|complain|decide|remember|be bothered|stop thinking about it]
  | you [know|remember] what [<name>|<kin>] is like | so [much|many] to do
  | <name> says hi | tell <name> I said [hi|hello|sorry|happy birthday|thanks]
  | [miss|love|need] you [guys|lots|all|so much|]
  | don't [worry|laugh|ask|tell <name>|forget|be late|judge me|stress]
  | [hope|guess] it [works out|goes well|stays <weather>|gets better|isn't <bad>]
  | let me know [when you <vp>|if you can|how it goes|what you think|when you decide|if <name> [comes|asks|calls]]
  | it's <weather> [here|outside|again|today] | I could [really |]do with <snack>
  | never [again|mind|doing that again]
  | my <body_part_sore> [is killing me|still hurts|is better now]
  | time [flies|to sleep|for <snack>|to <vp>]
  | <person> [would|will|might] [love|hate|laugh at|kill me for] [it|this|that]
  | [life|work|uni|adulting|today] is [hard|a lot|<very> <bad>|fun]
  | it's [only|already|nearly] <clock>
detail = because <why>
  | after <vp.ing> | while <vp.ing> | with <name> | so I can <vp>
  | if [you want|<name> agrees|it's not <weather>|I can <vp>]
  | [like|just like] [<name>|<kin>|always|last time|<past>]
  | [thanks to|because of] [<name>|the <weather> weather|<kin>|my <role>]
  | even though <why> | [and|then] I <vp.ed>
  | but [<name>|<kin>] [said no|loved it|laughed|is <vp.ing>|doesn't know]
hurry = [call|text|message|ring|wait for] [me|<name>|$who] [later|when you're done|when you get
    [home|there|this]|first|in <mins> mins|]
  | see you [there|later|after|in <mins> mins|at <place>|<when>]
  | [tell|ask|remind] [<name>|$who] [to <vp>|first|when you see $him|about <when>|]
short = <yes>
  | <no> | <wow> | <laugh> | <yes> [<friend>|$to]
  | <yes> [thanks|thank you|see you then|will do|got it|on my way|np|done|noted]
  | on my way | [almost|nearly|just] [there|home|done|finished]
  | [two|five|ten] mins
  | what [time|happened|do you mean|about <name>|else|now|for]
  | where [are you|is it|at|now|exactly]
  | who [is that|else is going|told you|said that]
  | why [not|tho|what happened|so late|me]
  | [same|me too|me neither|same here|true|exactly|fair enough|makes sense|good point|obviously|I know right]
  | [can't|won't] [talk|make it|wait|come] [now|today|]
  | call [you|me] [back|later|when free|in <mins>]
  | no [idea|worries|clue|rush|chance|it's not|signal here]
  | [at|still at|just left|outside] [work|home|<place>|the <place_kind>]
  | I'm [here|home|outside|awake|in|driving|busy|free|on the <vehicle>|at <place>]
  | [good|great|bad|big] [idea|news|luck|point|night|morning|call] (<friend>)
  | [sorry|soz] (<friend>) [was asleep|just saw this|missed your call|my phone died|wrong chat|was driving|]
  | it's [ok|fine|good|on <weekday>|at <clock>|in the <room>|on the table]
  | [this|that|it] [is|was] <very> [<good>|<bad>|<adj>]
  | [sad|crazy|mad|long] [day|week|story|night] | happy [days|times|for you]
  | <number> | [maybe|prob] [later|<when>|not|next time]
  | don't know [yet|what to say|if I can|where it is|]
  | [thanks|thank you|cheers] [<friend>|$to|so much|for <vp.ing>|a lot|]
@ reply 13 : short
@ reply 5 : short / short
# --- making plans -------------------------------------------------------------------------------------------------
plan_open = (<hello> $to) [are you|you] free $when? [want to|shall we|wanna|how about we|thinking we could] $plan
  | [let's|we should|we could|hope we can] $plan $when
  | [shall we|can we|do you want to|wanna] $plan $when?
  | [who's|anyone|who is] [up for|coming to|keen on|in for] the $event $when
  | $who and I [are going|might go|were thinking of going] to $place $when, [want to come|you coming|join us|come
    with|you in]
  | [what|any] [are you doing|you up to|plans|are your plans] $when
  | you [coming|going] to the $event [$when|or what|or not|with $who]?
  | [long time no see|been ages|haven't seen you in ages], [let's|we should|shall we] [catch up|$plan|get <meal>|meet]
    $when
  | can [you|we] [meet|move it|do <meal>|come over|hang out] $when [instead|or is that too late|or are you busy|]
  | $who [wants to know|is asking] [if you're coming|who's driving|about the $event] $when
  | $who wants [us|everyone] to $plan $when
  | is the $event [still on|on|cancelled] [$when|or not]
plan = 2* <vp_out>
  | go to <place> | get <snack> | get <dish> | 0.7* <vp_play>
  | meet [at|near|outside] <place> | try the <adj> <place_kind> | study together
  | have <meal> at <place>
plan_ask = what time [works|suits you|is good|should I come|shall I book|do we start]?
  | $clock [ok|good|works|too early] [for you|or later|]?
  | where [shall we|should I|do we] [meet|go|park|sit]?
  | where are you guys [sitting|parked|going]?
  | should I [bring|buy|book|get] [anything|$food|$item|a table|the $thing]?
  | who [else|all] is [coming|going|invited|driving]?
  | do you [want|need] a [lift|hand|ticket|ride] [there|to $place|with the $thing|]?
  | can $who come [too|as well|along]?
  | how are you [getting|going] [there|to $place|home]?
  | did you [ask|tell|invite|text] $who [yet|already|about $when|]?
plan_set = [ok|great|perfect|sorted], [see you|meet|let's meet|meet me] [at $place|there|outside|by the $kind|at
    $clock] [$when|at $clock|then|]
  | [booked|got|reserved] [a table|the tickets|it|us seats] for [$clock|$number|$when|<number> of us]
  | I'll [pick you up|be there|meet you|text you|call you|drive] [at $clock|around $clock|when I
    [leave|arrive|finish]|from $place]
  | $place [at $clock|$when] then
  | [we're|they're|$who is] meeting [at $place|at $clock|outside $place] [so don't be late|if you change your
    mind|btw|]
  | I'll bring [$food|the $thing|$item|$item and $food] and you [bring|get|do] [<snack>|the <thing>|<drink>|music]
  | $who [can't|can|will|won't] [make it|come|drive|be there] [so|but] it's [just us|$number of us|fine|moved to
    $clock]
plan_change = [sorry|so sorry|hey] (<friend>) [can't make it|can't come|have to cancel|need to move it|won't make it]
    [$when|today|], <why>
  | can we [do|make it|say|push it to] [$clock|<clock>|<when>|<weekday>] instead? <why>
  | change of plan, <why> [so|and] we're [going to|meeting at] [<place>|$who's|mine]
  | [$who|<kin>] [cancelled|bailed|is ill|isn't coming|changed her mind|is being difficult], [shall we|still want
    to|do we] [go anyway|$plan|do <when>|leave it]?
  | [is it ok|would you mind|do you mind] if [we go|I come|we meet|$who comes] [later|at <clock>|<when> instead|a bit
    late]? <why>
plan_after = that was <very> <good>, [we should|let's] do it again [soon|next week|sometime|]
  | [thanks|thank you] for [coming|$when|the $food|driving|today|last night] [it was <very> <good>|had a <good>
    time|you're the best|]
  | did you [get home|enjoy it|find your <thing>|have fun] [ok|in the end|safely|]?
  | [I|$who] left [my|a|the] $thing at [yours|$place|the <place_kind>], can you [bring|keep|grab] it [<when>|for me|]?
  | $who was <very> [<feel>|<trait>|quiet] [last night|though|today|wasn't $he]
  | the $food was <very> [<taste>|<good>] [though|tbh|wasn't it|]
@ social 10 : plan_open / plan_ask? / plan_set? / plan_after?
@ social 4 : plan_open / plan_change / plan_set?
@ social 3 : plan_after / short?
# --- on the way ----------------------------------------------------------------------------------------------------
late_one = [running|gonna be|I'll be|will be] [$mins mins|a bit|<very>|$mins minutes] late, [sorry|<why>|start without
    me|order first]
  | [stuck|sitting|waiting] [in traffic|at the lights|on the $ride|behind a [bus|lorry|tractor|learner]|at $place]
    [sorry|again|since $clock|help|]
  | [missed|just missed|got on the wrong|waiting for the] $ride [sorry|again|so I'll be late|ugh|be there $clock]
  | [on|in|getting on|getting off] the $ride [now|already|finally], [be there|see you|home] in $mins [mins|minutes|]
  | [leaving|just left|about to leave] [now|home|work|$place|the house] [sorry|see you soon|where are you|]
  | are you [there|here|close|nearly there|on the way] [yet|already|]? [I'm at|I'm near|I'm outside|just got to]
    [$place|the $kind|the entrance]
  | overslept [sorry|again|omg], [leaving now|on my way|give me $mins mins|don't wait for me]
  | <why> so [don't wait|save me a seat|start without me|order me $food|I'll be late]
  | the $ride [broke down|never came|was full|is <very> slow|got cancelled] [again|so walking|can you believe
    it|typical]
  | can't find [parking|the place|the entrance|my <thing>|$place|you]
  | [google maps|the driver|$who|the app] [says|reckons|said] $mins [mins|more minutes]
late_two = [2|two|five|$mins] more [stops|mins|minutes|lights]
  | where [are you|are you guys|are you sitting|exactly]? I'm [at|by|near|next to] the
    [$kind|entrance|<place_kind>|$place]
  | [here|I'm here|arrived|made it|parked] [finally|now|where are you|outside|by the $kind]
  | can you [order|get|save|grab] me [$food|a seat|<drink>|a ticket] [please|thanks|]
  | [still|it's] [moving|not moving|stuck|raining], [start|eat|go in|sit down] without me
  | [sorry|so sorry] [again|guys|about that|$to], <why>
@ transport 8 : late_one / late_two? / late_two?
travel_mess = $ride [fares|drivers|stops|delays] [are|have become] <very> <bad> [these days|now|lately]
  | [someone|a lady|this guy|a kid|an old man] on the $ride [is|was|keeps] [singing|eating <dish>|shouting|sleeping on
    me|playing <music_style>|staring|talking about <topic_noun>|arguing with the driver] [lol|help|so loud|]
  | no [$ride|seats|aircon|signal] [again|today|for $mins minutes]
  | paid [<money>|<very> much] for a $ride to $place [lol|robbery|never again]
  | is the $ride [running|free|faster|safe] [$when|on <weekday>|at night|from $place]?
  | which [bus|train|exit|stop|way|platform] [for|goes to|is closest to] $place?
  | took the wrong $ride and [ended up at|now I'm in|walked to] $place
@ transport 4 : travel_mess / late_two?
# --- food -----------------------------------------------------------------------------------------------------------
food_open = what [are we having|should we eat|do you want to cook|are you making|shall I get] for <meal>?
  | [craving|dying for|want|need|could murder] [some|] $food [now|so bad|rn|again|]
  | [made|cooked|tried|ordered|burnt] $food [<past>|for <meal>|and it was <taste>|for the first time|again]
  | [have you|you] eaten [yet|already|]? there's $food in the [fridge|kitchen|pot|oven]
  | [hungry|starving|so hungry], [let's get|thinking of|might order|getting] $food [$when|from <place>|or <dish>|]
  | how [do you|long do I|does your <role>] [make|cook|boil|reheat|season] $food
  | the $food [at $place|from $place|$who made] [is|was] <very> <taste>
  | $who is [making|cooking|bringing|ordering] $food [for <meal>|$when|you want some|and <dish>]
  | just had [the best|some <taste>|the worst|] $food [at $place|with $who|ever|in my life]
  | you want [anything|$food|<snack>] from [$place|the [cafe|bakery|market|supermarket|canteen|restaurant]]?
  | [I'm|we're] at $place, [want|should I get you|what do you want] [$food|<snack>|<drink>]?
food_more = [add|needs|put|more|less|no] <ingredient> [and <ingredient>|first|next time|at the end|I think]
  | it was <taste> but [<very>|] [expensive|<taste>|small|worth it]
  | [$who|<kin>|everyone] [loved|hated|finished|didn't touch] [it|the $food|mine]
  | I can't [eat|cook|have|stand] <ingredient> [anymore|remember|so no $food for me|]
  | put it in the [oven|fridge|microwave|freezer|pot] for $mins [mins|minutes|hours]
  | [recipe|the secret] is [easy|just <ingredient> and <ingredient>|<ingredient>, <ingredient> and <ingredient>|in the
    group|from <kin>]
  | [save|leave|keep] [me some|some for $who|the rest] [please|I'll eat later|thanks|]
  | [ate|had|finished] [too much|the whole thing|two bowls|$number of them] [again|can't move|no regrets|]
  | next time [try|order|get] [the|their] [<dish>|<snack>] [instead|with <ingredient>|]
@ food 9 : food_open / food_more? / food_more?
shop_list = [can you|could you|please|pls] [get|buy|pick up|grab] <grocery>, <grocery> and <grocery> [on the way|from
    the [supermarket|market|corner shop|pharmacy|bakery]|when you pass $place|thanks]
  | we [need|ran out of|are out of|have no] <grocery> [and <grocery>|again|]
  | [shopping list|list|need]: <grocery>, <grocery>, <grocery>(, <grocery>)(, <grocery>)
  | [got|bought|found] [the|some|] <grocery> but [no|couldn't find|forgot the] <grocery>
  | is there [any|enough] <grocery> [left|at home|in the fridge]?
  | which [brand|kind|size] of <grocery>? there's [the <adj> one|so many|only <adj>|none]
  | <grocery> [is|are] on [offer|sale] at [$place|the [supermarket|market|corner shop|pharmacy|bakery]], [want|should
    I get|buying] [some|$number|extra]?
  | [$who|<kin>] wants [<grocery>|<snack>] [too|as well|and <grocery>|]
  | don't forget the <grocery> [this time|please|or $who will cry|]
@ food 5 : shop_list / shop_list?
# --- work -----------------------------------------------------------------------------------------------------------
work_moan = work [is|was] <very> <bad> [today|this week|lately], <work_problem>
  | my $boss [is|was|keeps] [so <trait>|<vp_work.ing>|asking about the $doc|on my case|shouting at
    <company_part>|being <trait>] [again|today|lol|]
  | [finally|just|nearly|still haven't] [finished|sent|done with|started] the $doc
  | <work_problem> [so|and now] I [have|had] to <vp_work> [again|tonight|before <clock>|alone]
  | the $doc is due $when and I [haven't started|have done nothing|don't even have the figures|am <very> <feel>]
  | [another|third|one more] $meet [today|this week|about the $doc|with <company_part>] [why|kill me|should have been
    an email|]
  | $who [got|is getting|wants|deserves] [promoted|a raise|fired|transferred to <company_part>|my job|a new desk]
  | [stuck|still] [at work|in a $meet|in the office|on a call with <company_part>] [till $clock|because
    <work_problem>|help|]
  | I [might|should|want to|am going to] [quit|resign|ask for a raise|look for a new job|call in sick|move to
    <company_part>] [honestly|soon|$when|]
  | can't [talk|chat], in a $meet [till $clock|with my $boss|]
work_more = my $boss [said|thinks|told me] [it's fine|we should <vp_work>|it's <good>|it's my fault|<company_part>
    lost the $doc]
  | my $boss [wants me|told me|asked me] to [redo the $doc|come in $when|<vp_work>]
  | at least it's [nearly <weekday>|payday|<clock>|lunch]
  | then [<company_part>|$who|the <role>] [blamed me|took the credit|went home|said sorry|sent it back|called me]
  | got the [$meet|job|contract|feedback|leave] [$when|btw|finally|in the end]
  | who [even|] [reads|approved|wrote|lost] the $doc [anyway|honestly|]?
  | only $number [emails|pages|hours|days] [to go|left|more|till the weekend]
  | [wish me luck|fingers crossed|pray for me] [for the $meet|$when|with my $boss|]
  | [applied|interviewed|said no] for [a|the] [<company_part> job|<role> job|new role] [<past>|too|]
@ work 9 : work_moan / work_more? / work_more?
work_ask = [can you|could you|please|hi, can you|would you] [send|share|check|sign|forward|print|review] [me |]the
    $doc [when free|by $clock|before the $meet|$when|today please|]
  | [is|has] the $doc [ready|been sent|approved|with <company_part>|done] [yet|already|]?
  | are you [in|joining|free for|coming to] the $meet [$when|at $clock|or on leave|]?
  | [sent|shared|emailed|uploaded] [you |]the $doc [just now|<past>|to <company_part>|please check]
  | [reminder|fyi|update]: the $meet is [moved to|at|now at|cancelled, next one] [$clock|$when]
  | where [is|did you save|can I find] the [<adj> |]$doc? [my $boss|$who|<company_part>] needs it [now|by
    $clock|$when]
work_done = [done|thanks|received|noted], [will check|looks good|sent it|I'll update the $doc|two comments inside]
  | page $number [is wrong|needs work|looks <good>|has a typo]
  | [my $boss|$who|<company_part>] is ok with [it|the $doc|page $number] [but wants <work_doc>|now|]
  | let's [discuss|talk|go through it] [at the $meet|at $clock|over <snack>|$when]
@ work 5 : work_ask / work_done?
# --- school ---------------------------------------------------------------------------------------------------------
school_open = have you [started|done|finished|submitted|understood] the [$subject |]$hw [yet|already|]? [I'm|I
    have|mine is] [stuck on question <small>|not started|<very> <bad>|half done|failing]
  | when is the $subject $hw due? [is it|I thought it was|$who said] [$when|<weekday>|$clock]
  | $subject is <very> [hard|boring|<bad>|<good>|easy] [this year|today|I can't|help]
  | [anyone|does anyone|you] [have|got] [the notes|the answers|last year's paper|the slides] for $subject?
  | [the|my|our] $prof [is|was|keeps] [so <trait>|not here|going too fast|giving more <school_work.pl>|talking about
    <topic_noun>|asking me questions] [again|today|]
  | [got|only got|finally got] <grade> for [$subject|the $hw|my $hw] [haha|crying|not bad|happy with that|]
  | [studying|doing $subject|writing the $hw] [at $place|all night|with $who|in the library] [come|join|save me|till
    <clock>|]
  | [exam|quiz|test|presentation] [tomorrow|$when|next week] and I [know nothing|haven't slept|still have <small>
    chapters|can't focus|am <very> <feel>]
  | is there [class|a lecture|a quiz|homework] [$when|today|for $subject]?
  | our group [needs|has|is meeting] to [<vp_study>|finish the $hw|meet] [$when|at $place|before <clock>]
school_more = question <small> [makes no sense|is the same as last year|is just <subject>|took me <few> hours]
  | [$who|my $prof] [said|emailed|explained] [it's only chapter <small>|it's open book|the deadline moved to
    <weekday>|we can work in pairs|nothing useful]
  | [can I|let me|could I] [see|copy|borrow|check] [yours|your notes|the answer|the intro] [please|I'll buy you
    <snack>|]
  | I've [written|done|read] [only |]$number [words|pages|slides|questions] [so far|lol|in <few> hours]
  | [good luck|all the best] for [$subject|the $hw|your exam|$when]
  | just [submitted|finished|uploaded] [it|the $hw] [with <mins> minutes left|finally|going to sleep|at <clock>]
  | [dropping|failing|retaking|skipping] $subject [next term|I swear|fully|]
@ school 9 : school_open / school_more? / school_more?
# --- sport, games, music, films -------------------------------------------------------------------------------------
match_open = [did you|you] [see|watch|catch] [the match|that goal|the $team game|the highlights] [<past>|]? [the
    <player_role>|our <player_role>|that <player_role>] was <very> <play_adj>
  | $team [won|lost|drew|threw it away|scraped it] <score> [lol|again|can't believe it|what a game|on penalties]
  | [come on|let's go] $team
  | the <player_role> [<play_vp.ed>|is <play_adj>|needs to go|was <play_adj>|got sent off] [again|in the <number>th
    minute|and still smiling|]
  | [who's|anyone] [watching|going to] [the match|$team] $when? [at $place|mine|I have a spare ticket|]
  | [we|I|my team] [won|lost|drew] <score> at <team_sport> [<past>|against $who|]
  | [want to|wanna|you] [play|join us for] <sport> $when [at $place|need <number> more|]?
  | how did [we|$team|they] <play_vp>?
  | $who [almost |]<play_vp.ed> [and won't shut up|unreal|lol|in the last minute]
  | booked [the court|the pitch|a lane] [at $clock|$when|for <number>]
match_more = our <player_role> [is|was] <very> <play_adj>
  | [top of the league|bottom half|next season|we go again|sack him|sign him up|what a signing]
  | should have [won|bought a <player_role>|been a penalty|taken him off]
  | [legs|arms|everything] [is killing me|hurts] after <sport>
  | [bring|need] [water|your racket|a bib|<number> people|boots]
  | $who [scored|got injured|missed everything|was <play_adj>|is on holiday]
  | <score> [final|at half time|and still going|easy]
@ sport 8 : match_open / match_more? / match_more?
game_open = [get on|you on|come online|anyone on|wanna play|one more game of] $game [tonight|now|later|at <clock>|]?
  | the new $game [update|season|patch] is <very> <good>
  | [finally|almost|still can't] [beat|beaten|finish|find|unlock] the [last |<adj> |]$gthing [in $game|after <small>
    tries|omg|]
  | [who|someone] [keeps|is] [dying|lagging|stealing my <game_thing>|blaming the <game_thing>] lol
  | my [ping|team|<game_thing>|aim|internet] is <very> <bad> [today|tonight|again]
  | [bought|downloading|installing|deleted] $game [again|for <money>|finally|for $who]
  | $who [rage quit|carried us|got banned|went 0 and <number>|is a <noun> at $game]
  | lost <small> [games|rounds|matches] in a row [of $game|help|because of $who|]
game_more = [need|we need|get] [one more|a healer|$who on|a better <game_thing>|sleep]
  | the <game_thing> is [broken|<very> <good>|so overpowered|<adj>|bugged]
  | [one more|last game|gg|rematch], [then|and] I [sleep|eat|<vp>]
  | you [always|never] [<tail_verb> the <game_thing>|play support|take my <game_thing>|listen]
  | [ranked|casual|duo] [tonight|$when|with $who]? | can't, <why>
@ gaming 7 : game_open / game_more? / game_more?
media_open = [watching|just finished|started|halfway through|rewatching] $show [on <app>|with $who|again|and it's
    <very> <good>|, no spoilers]
  | [have you|did you|you] [seen|watch|watched|finish] $show [yet|already|]? it's <very> [<good>|<bad>|<adj>]
  | this [<adj> |]$mkind is <very> <good>, [listen|sending you the link|on repeat|reminds me of $who]
  | [listening to|into|sick of] <music_style> [lately|all day|again|since <month>]
  | [that|the] [<adj> |]<film_kind> [about|with] the [<adj> |]<noun> [was|is] <very> [<good>|<bad>|<adj>]
  | tickets for the $mkind [are|were] [<money>|sold out|on sale $when|<very> expensive]
  | the <noun> [dies|did it|is his <kin_bare>|comes back] in [the end|episode <small>|season <small>] [omg|sorry|]
  | reading a [<adj> |]book about <topic_noun>
  | [any|got any|need] [good |] [<film_kind.pl>|book recommendations|<music_kind.pl>] [for tonight|to recommend|for
    the flight|]?
kin_bare : brother, father, sister, mother, wife, boss, twin, daughter
media_more = the [ending|acting|first half|<noun> scene|soundtrack|bit with the <noun>] [was|is] <very>
    [<good>|<bad>|<adj>]
  | cried [like a baby|at the <noun> part|twice|for <mins> minutes]
  | don't [tell me|spoil it|bother|watch it alone], [I'm on|only at] episode <small>
  | [the|that] [actor|singer|one with the <noun>|<noun> guy] [is|looks] <very> [familiar|<good>|<adj>]
  | [<name>|$who|everyone] [recommended it|hated it|fell asleep|won't stop singing it]
@ media 8 : media_open / media_more?
chat_tail = [saw|found|just saw|filmed|bought|drew] a <adj> <noun> [at $place|on the way home|on <app>|in the
    <room>|<past>]
  | [dreamt|had a dream] about a <adj> <noun> and [a <noun>|you|<kin>] [lol|last night|so weird|again]
  | [did you know|fun fact], [the|a|every] <noun> can <tail_verb> a <noun>
  | [who|someone|$who just] [put|left|brought|<tail_verb.ed>] a <noun> [in|into|from] the <room>
  | there's a <adj> <noun> [outside|in the <room>|at $place|on the <vehicle>]
  | [reading|watching a video|arguing with $who|thinking] about <topic_noun> [again|at <clock>am|for <small> hours|]
  | [imagine|would you rather be] a <noun> or a <noun>
  | $who [thinks|swears|said] [the|a|my] <noun> is [a <noun>|<adj>|<very> <adj>]
  | <kin> [wants to|tried to|is trying to] <tail_verb> the <noun>
  | that [<adj> |]<noun> [looks like|reminds me of|is basically] [a <noun>|$who|my <role>]
  | sell me your [<adj> |]<thing>
  | [need|looking for|anyone selling] a [<colour>|<adj>] <thing> [for the $event|for $who|, cheap|]
  | what's [the word|another word] for [a <adj> <noun>|<adj>|when you <tail_verb> a <noun>]
  | [<noun.pl>|<adj> <noun.pl>] are <very> [<adj>|underrated|<trait>] [change my mind|honestly|]
@ fun 8 : chat_tail / short?
# --- family, home, pets ---------------------------------------------------------------------------------------------
family_open = [mum|dad|<kin>] [is asking|wants to know|keeps asking|called to ask] [when you're coming|if you
    ate|about $when|why you don't call|about the <bill>]
  | [can you|could you|please] [call|pick up|check on|visit|talk to] <kin> [$when|today|he misses you|it's about the
    <thing>|]
  | <kin> [is|was] [in hospital|better now|getting married|<vp.ing>|<very> <trait>|moving to <travel_place>|learning
    to <hobby_vp>] [again|<past>|lol|]
  | the [kids|baby|twins|little one] [won't [sleep|eat|stop crying]|finally slept|just ate all the <snack>|broke the
    <thing>|started school]
  | [home|coming home|flying home|driving up] $when, [is anyone in|what's for <meal>|need anything|can't wait]
  | family [dinner|lunch|gathering|photo] $when [at $place|don't be late|bring <snack>|]
family_more = [tell|remind|ask] <kin> to [<vp>|call me|bring the <thing>|take <remedy>]
  | [he|she] [said|says] [I'm too thin|no|to <vp>|it's fine|I should marry]
  | [love|miss|see] you [all|loads|$when|]
  | is [mum|dad|<kin>|everyone] [home|ok|asleep|eating|angry] [yet|now|]?
  | are [the kids|mum and dad|they all] [home|ok|asleep|eating] [yet|now|]?
  | [sent|sending|will send] [photos|money|the <thing>|<gift>] [later|to <kin>|$when]
@ family 8 : family_open / family_more? / family_more?
home_open = the $appliance [is broken|stopped working|is leaking|died|sounds like a <noun>] [again|<past>|call the
    guy|any idea how to fix it|]
  | [who|someone] [used|took|finished|hid] [my <thing>|the milk|the last of the <grocery>]
  | [who|someone] left the [lights|<appliance>] on
  | [landlord|plumber|delivery guy|electrician|<name>] is coming [$when|at $clock], [can you be in|are you home|hide
    the <pet>|]
  | [cleaned|painted|finally fixed|reorganised] the <room> [<past>|it took <few> hours|looks <good>|]
  | [where's|have you seen|did you move] my [<colour> |]$thing? [can't find it anywhere|I need it $when|it was in the
    <room>]
  | [put|left|hid] the $thing [in the <room>|under the <thing>|with $who|by the door]
  | your turn to [<vp_home>|clean the <room>|take out the rubbish] [btw|please|]
home_more = try [turning it off and on|the <room>|behind the <thing>|calling <name>|kicking it]
  | found it [in the <room>|under the <thing>|lol it was in my bag|never mind]
  | it'll cost [<money>|more than a new one|nothing] [he said|to fix|]
  | ordered a new [one|$thing|<thing>] [arrives <when>|for <money>|in <colour>]
@ home 7 : home_open / home_more?
pet_open = my $pet [<pet_vp.ed>|just <pet_vp.ed>|keeps <pet_vp.ing>] [again|lol|at <clock>am|help|send help]
  | [look at|sending you a photo of] my [<adj> |]$pet
  | the $pet [needs [the vet|a bath|a new <thing>|its jabs] ($when)|hates [the vet|<kin>|baths|the <appliance>|other
    <pet.pl>]|loves [<snack>|<name>|the <appliance>]]
  | [can you|could you] [feed|walk|watch] my $pet [$when|while I'm in <travel_place>|this weekend|]?
  | my [<adj> |]$plant is [dying|growing <very> fast|flowering|yellow|taller than $who] [help|again|so proud|]
pet_more = [too much|not enough] [water|sun|<snack>] [I think|says google|]
  | [<adj>|poor|good|naughty] [little |]thing
  | [she|he] [is|was] <very> [<trait>|<feel>|<adj>] [about it|now|]
  | [repotted|moved|fed|washed] it [<past>|to the <room>|and it's fine]
@ pets 4 : pet_open / pet_more?
# --- health, feelings, weather, money, travel, tech -----------------------------------------------------------------
health_open = [think I have|I've got|woke up with|came down with] $ill [again|ugh|since <weekday>|, might not come|]
  | my <body_part_sore> [hurts|is killing me|feels weird|won't stop hurting] [since <past>|after <sport>|so much|]
  | how are you feeling [now|today|]? [any better|did you take <remedy>|still $ill]?
  | [$who|<kin>] has $ill [so|and] [can't come|the whole house is ill|I'm looking after $him]
  | [doctor|dentist|clinic|blood test] [at $clock|$when], [bit nervous|wish me luck|can you drive me|]
  | [couldn't sleep|slept <small> hours|slept so badly] [again|thinking about <topic_noun>|]
  | [started|trying|back to] [running|yoga|the gym|<sport>|eating less <snack>] [<past>|again|, pray for me|]
health_more = take <remedy> [and rest|and <remedy>|before bed|]
  | [get well soon|feel better|rest well|hope it's nothing serious] ($to)
  | doctor [said|says|thinks] [it's just $ill|I need <remedy>|<small> days off|it's nothing serious|to rest]
  | [feeling|bit] [better|worse|<feel>] [now|today|thanks|]
  | drink [more water|<drink>|something hot]
@ health 6 : health_open / health_more? / health_more?
mood_open = feeling <very> <feel> [today|lately|for no reason|about the $event|]
  | [I'm|so|still|kind of] <be_like> [the $event|<subject>|this <weather>
    weather|<name>|$when|everything|<travel_place>]
  | [why is|how is] [it only|everything so|adult life so|$who so] [<weekday>|<bad>|<trait>]
  | [need|want] [a hug|a holiday|<snack>|to <vp>|<small> hours of sleep|someone to talk to]
  | [can't stop thinking|been thinking] about [$who|<travel_place>|<topic_noun>|what you said|the $event]
  | I [miss|hate|love] [<weekday> <daypart.pl>|<vp.ing>|<travel_place>|$who|this place|<snack>|being <feel>]
  | [today|this week|<weekday>] was <very> [<good>|<bad>], [I|we] <vp.ed> and <vp.ed>
mood_more = [it'll|things will|you'll] be [ok|fine|<good>] [I promise|eventually|you'll see|]
  | [thanks|thank you] for [listening|being there|checking on me] ($to)
  | [going to|gonna] <vp> [and forget about it|instead|and sleep]
  | you [deserve|need] [better|a break|<snack>|a medal]
  | [want to talk|call me|I'm here] [about it|if you need|later|]?
@ mood 6 : mood_open / mood_more?
gossip_open = [guess who|omg guess who|you'll never guess who] I [saw|met|bumped into] at $place [<past>|with <name>|]
  | did you hear [about $who|what $who did|$who and <name> broke up|$who quit]?
  | $who [and <name> are|is] [dating|engaged|not talking|moving to <travel_place>|<vp.ing> again|having a baby|getting
    married] [apparently|lol|since <month>|don't tell anyone]
  | $who [told me|said|posted|keeps saying] [$he wants to <vp>|$he is <feel>|something <adj>|$he <vp.ed>|<name> is
    <trait>]
  | why is $who [so <trait>|always <vp.ing>|ignoring me|<trait> to <name>|like that]
  | [don't|please don't] tell $who but [I <vp.ed>|we're planning a <event>|$his <thing> is broken|I saw $his <thing>]
gossip_more = I [told|warned|asked] $him [not to|already|to <vp>|<past>]
  | $he [never|always|just] [listens|<vp.s>|does this|says that|laughs]
  | [no way|I knew it|poor $who|called it|not surprised], [since when|$he said the opposite|tell me everything|who
    told you]
  | $his [<kin_bare>|<pet>|<thing>|new <role>] is <very> [<trait>|<adj>] [too|though|]
  | $he [looked|sounded|seemed] <very> <feel> [though|<past>|]
@ gossip 8 : gossip_open / gossip_more? / gossip_more?
weather_open = it's <very> <weather> [today|here|outside|again|at $place]
  | [bring|take|don't forget] [an umbrella|a jacket|sunscreen|your <clothes>], it's [<weather>|going to rain|<weather>
    later]
  | is it <weather> [there|at yours|in <travel_place>|at $place] [too|as well|]?
  | [this|what's with this] weather [is <very> <bad>|honestly|makes me <feel>|]
  | got [soaked|sunburnt|caught in the rain] [on the way|at $place|without my <clothes>|]
@ weather 4 : weather_open / short?
money_open = you owe me $cash [for the $bill|from <past>|lol|no rush|]
  | [can I|could you|is it ok if I] [pay you|borrow|transfer|lend me] [back |][$cash|the money] [$when|till payday|for
    the $bill|after <weekday>]?
  | how much [was|do I owe you for|did you pay for|is] the $bill?
  | [sent|transferred|paid] [you |][$cash|the money|half] [for the $bill|just now|check please|]
  | the $bill [is|was|went up to] $cash [this month|again|each|what the hell|]
  | [so|totally|officially] broke [this month|after the $bill|till <weekday>|]
  | [saved|lost|won|found|spent] $cash [on <clothes>|on <snack>|at $place|today|on a <thing>]
money_more = [no rush|whenever|it's fine|don't worry], [pay me|just buy me <snack>|we can split it|I'll cover it]
    [next time|<when>|]
  | [send it|transfer it] to [my account|the same number|$who] [thanks|please|]
  | [split|divide] by <small> it's [$cash|<money>] [each|] | got it [thanks|]
@ money 6 : money_open / money_more?
trip_open = [booked|found|looking at|just got] the $tthing [for|to] $dest [finally|$when|for <money>|with $who]
  | [I'm|we're|$who is] [going|flying|off] to $dest [$when|in <month>|with <name>|for <few> days]
  | [ever been|have you been|anyone been] to $dest? [any tips|is it expensive|where should we stay|what's the food
    like]
  | [at the airport|just landed|on the plane|waiting for luggage] [see you soon|finally|, $dest is <weather>|]
  | $dest is <very> <good>, [we <vp.ed>|ate <dish>|it's <weather>|you'd love it]
  | [lost|forgot|can't find|need to renew] my [passport|$tthing|<thing>] [help|again|before $dest|]
trip_more = [the|our] $tthing [was|is|got] [<money>|delayed|cancelled|lost|<very> <good>|upgraded]
  | [bring|send|buy] me [<gift>|photos|<snack>|a magnet] [from $dest|please|]
  | [back|home|landing] $when [at $clock|can you pick me up|sadly|]
  | [packed|bringing|forgot] [<clothes>, <clothes> and <thing>|too much|the <travel_thing>|nothing] [as usual|]
@ travel 6 : trip_open / trip_more? / trip_more?
tech_open = $app [keeps|started|is] <tech_problem.ing> [again|on my phone|since the update|anyone else|]
  | my [phone|laptop|tablet|<thing>] [died|is at <percent> percent|fell in the sink|won't charge|screen cracked]
    [again|, can I use yours|so call <name>|]
  | [what's|send me|I forgot] [the|your] [wifi password|link|login|meeting code|netflix password]
  | how do I [<tech_verb>] [$app|a photo|a file|the <adj> folder|my contacts] [on|to|from] my [phone|laptop|tablet]?
  | [new|got a new] [phone|number|laptop], [this is my new number|who is this|all my contacts are gone|it's <very>
    <good>]
  | [are you|is anyone] [getting|seeing] [my messages|the link|errors on $app]?
tech_verb = move | delete | back up | open | send | mute | scan | print | block | sync | unlock | zip
tech_more = [restart it|update it|delete it|google it|try another browser|check the cable] [first|and see|it worked
    for me|]
  | it [works|worked|died|froze] [now|again|for <mins> minutes|fine on mine]
  | [ask|call] [<name>|$who|IT|<kin>], [$he knows|he fixed mine|good luck]
  | [sent|resent|shared] [it|the link|a screenshot] [again|on <app>|to your email]
@ tech 5 : tech_open / tech_more?
buy_open = [should I [buy|return|get]|thinking of [buying|returning]|tempted to [buy|get]|can't decide whether to
    [buy|return|keep]] [the|that] [<colour> |<adj> |][$thing|<clothes>] [for <money>|it's on sale|for the $event|or
    save money|]?
  | [ordered|bought|returned|wore] [the|my|those] [<colour>|new|<adj>] <clothes> [<past>|and it's <adj>|doesn't fit|in
    the end|for <money>]
  | does [this|the <colour> one|$who] [look ok|fit|suit me|like <colour>]
  | what size is [the $thing|$who]? | what colour is the $thing?
  | sale at $place, <percent> percent off [<clothes>|everything|<gift>]
  | [<clothes>|the <colour> <clothes>] or [<clothes>|the <colour> one] for the $event?
@ shopping 5 : buy_open / short?
# --- birthdays, thanks, sorry, favours, seasons ---------------------------------------------------------------------
bday_open = happy birthday ($to|<friend>), [hope you have a <good> day|have a <good> one|many more to come|you're so
    old|all the best|love you loads]
  | [what should we|any idea what to] get $who for $his birthday? [maybe $gift|$he likes <noun.pl>|$gift again|budget
    is <money>]
  | $who's birthday is $when, [don't forget|chip in <money>|surprise <event> at $place|who's ordering the cake]
  | [thanks|thank you] for the [wishes|$gift|surprise|card] [love it|you guys are the best|it's perfect|it's <very>
    <good>]
  | turning <age> [$when|soon] [help|wow|where did time go|]
@ social 3 : bday_open / bday_more?
bday_more = got $him $gift [hope $he likes it|in the end|for <money>|]
  | [the cake|the present|<name>'s card] is [sorted|at $place|in the <room>]
  | [pictures|the photos] [look <good>|are on <app>|please]
thanks_open = [thanks|thank you|thanks so much|ta] for [<vp.ing>|the $thing|the lift|helping with the <work_doc>|your
    help|the $food|last night|everything] [you saved me|I owe you|means a lot|really appreciate it|you're the best|]
  | [you're welcome|no problem|anytime|don't mention it] [$to|<friend>|that's what friends are for|you'd do the same|]
  | [tell|say thanks to] $who [from me|for the $thing|$he is <very> <good>|]
@ social 4 : thanks_open
sorry_open = [sorry|really sorry|so sorry] [I didn't reply|about <past>|I missed your call|I forgot your <event>|I was
    so <trait>|for <vp.ing>], <why>
  | [are you|you still] [mad|angry|upset] [at me|about <past>|with $who|]?
  | didn't mean to [<tail_verb> your <thing>|be <trait>|wake you|sound <trait>|ignore you] [sorry|honestly|]
  | [my fault|my bad|forgive me], I'll [make it up to you|buy you <snack>|replace the <thing>|be on time next time]
@ social 4 : sorry_open / hurry?
favour_open = [can you|could you|any chance you could|would you mind] [do me a favour|help me]
    [<vp_home>|<vp_work>|move house|with the <thing>|$when|] [please|]? <why>
  | can I borrow [your|the] $thing [$when|for the <event>|till <weekday>|for <few> days|]?
  | [do you|does anyone] have a [spare |]$thing [I can use|you don't need|for the <event>|]?
  | need [a favour|your help|advice|someone] [with the <work_doc>|to <vp>|on <topic_noun>|with the <appliance>]
  | [can|could] you [send me|forward me|tell me] [$who's number|the address|the photos|how to <vp>|where $place is]
    [please|again|]
favour_more = I'll [return it|buy you <snack>|owe you one|pick it up|explain] [$when|at $clock|later|promise]
  | [only if|if] you [have time|can|are free|don't mind|want] [no pressure|]
  | never mind, [$who|<name>|<kin>] [has one|is doing it|helped]
  | it's [in the <room>|the <colour> one|next to the <thing>|not urgent]
@ social 6 : favour_open / favour_more?
day_open = (good )morning [$to|<friend>|all|], [slept well|how are you|did you sleep|coffee time|it's <weather>]
  | [good night|night|sleep well] [$to|<friend>|all], [early start|<work_event> at <hour>|talk tomorrow|sweet dreams]
  | [how was|how's] [your day|work|the $event|your <school_work>|$who|your <body>] [today|then|going|]?
  | what [you|are you] [up to|doing|eating|watching|wearing] [now|tonight|today|]?
  | just [woke up|got home|finished work|had <meal>|<vp.ed>] [and|,] [now|then|] [going to|I'll|might] <vp>
  | [you|are you] [awake|up|still up|home|ok]? [can't sleep|<why>|]
  | I [<vp.ed>|just <vp.ed>] and [then |]<vp.ed> [today|all morning|so I'm <feel>|]
  | [spent|wasted] [the whole <daypart>|<few> hours|my <weekday>] <vp.ing> [lol|and <vp.ing>|again|with $who]
day_more = [and|then] [I|we] <vp.ed> [with $who|at $place|for <few> hours|till <clock>|]
  | [you|how about you|and you]? [any plans|what did you do|still <vp.ing>]?
  | [nothing much|not a lot|same old|the usual], [just <vp.ing>|<vp.ing> and <vp.ing>|might <vp> later]
  | $who is [here|<vp.ing>|coming $when|still <vp.ing>] [too|by the way|]
@ day 13 : day_open / day_more? / day_more?
@ day 4 : day_more / hurry?
season_winter = merry christmas [$to|all|<friend>|to you and the family], [see you <when>|eat lots|hope santa brings
    <gift>|]
  | what are you doing for [new year|christmas|the holidays]?
  | happy new year [$to|all|<friend>], [hope it's a <good> one|may it bring you <gift>|time to <hobby_vp>]
  | [new year's resolution|my resolution]: [<hobby_vp>|<vp>|no <snack>|less <app>]
  | secret santa is $when, [budget <money>|who did you get|I got $who|need a <gift>]
@ season 7 months=12,1 : season_winter / short?
season_exam = [exams|finals|revision] [start|starts|begin] $when [and|but] [I <vp.ed> instead|I'm <very> <feel>|nobody
    is ready]
  | [results|grades] [are out|come out $when], [scared|don't look|how did you do|passed <subject>]
  | [last|first|only <number>] [exam|paper] [today|left|done], [then|after that] we <vp>
@ season 5 months=5,6,11 : season_exam / school_more?
season_summer = [summer|holiday|break] plans? [thinking <travel_place>|staying home|going to <vp>|working sadly]
  | [too hot|boiling|melting] [to <vp>|in here|today], [need <snack>|beach $when|fan is broken]
  | [school|term|uni] [is over|is finally out], [kids are home|freedom|time to <vp>]
  | [school|term|uni] starts $when, back to <vp.ing>
@ season 5 months=6,7,8 : season_summer / short?
# --- what a thread remembers ----------------------------------------------------------------------------------------
who = 4* <name> | <kin>
to = <name>
food = 3* <dish> | <snack>
item = <grocery>
kind = <place_kind>
ride = <vehicle>
doc = <work_doc>
meet = <work_event>
boss = <role>
hw = <school_work>
prof = <school_person>
team = <club>
gthing = <game_thing>
mkind = <music_kind>
show = [the|that] [new|latest|<adj>] <film_kind> | The <show_word> <show_kind> | <show_word> <show_kind>
ill = <illness>
cash = <money>
dest = <travel_place>
tthing = <travel_thing>
he = he
him = him
his = his
"""
