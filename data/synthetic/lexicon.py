"""The word lists that all communities share: things, food, work, school, sport, health, weather and so on."""

WORDS = """
# --- things of daily life -------------------------------------------------------------------------------------
thing : charger, jacket, laptop, bag, umbrella, water bottle, wallet, notebook, ticket, phone, hoodie, card, key,
  book, speaker, headset, helmet, towel, blanket, pillow, lamp, fan, kettle, mug, mirror, calculator, power bank,
  cable, adapter, tripod, camera, guitar, racket, yoga mat, tent, torch, ladder, drill, hammer, screwdriver, bucket,
  mop, broom, hairdryer, comb, razor, lipstick, perfume, purse, belt, scarf, cap, watch, bracelet, ring, necklace,
  tie, suit, coat, raincoat, backpack, suitcase, folder, stapler, ruler, pencil case, marker, envelope, parcel,
  receipt, coupon, poster, puzzle, board game, football, bike, skateboard, stroller, cot, cushion, curtain, carpet,
  candle, vase, photo frame, clock, toolbox, rope, padlock, thermos, lunchbox, pan, pot, blender, toaster, rice
  cooker, oven tray, chopping board, knife, ladle, jug, sieve, apron, basket, crate, stool, folding chair, desk,
  shelf, mattress, wardrobe, aquarium, keyboard, mouse, monitor, router, hard drive, memory card, webcam, microphone,
  printer, projector, tablet, e-reader
clothes : shirt, dress, shoes, jeans, jacket, hoodie, trainers, skirt, socks, coat, shorts, boots, sandals, suit,
  scarf, leggings, pyjamas, blouse, cardigan, heels, sunglasses, gloves, jumper, swimsuit, uniform, vest, tracksuit,
  tie
colour : black, white, blue, red, green, grey, pink, yellow, purple, brown, orange, navy, beige, maroon, silver, gold,
  turquoise, cream, mustard, lilac, olive, burgundy, peach, teal
room : kitchen, bathroom, bedroom, living room, balcony, garage, hallway, office, store room, garden, car, fridge,
  attic, stairs, shed, oven, windows, wardrobe, study, porch
appliance : washing machine, fridge, aircon, heater, wifi, tap, toilet, shower, lift, microwave, tv, boiler, laptop,
  printer, dryer, doorbell, lock, oven, light, fan, sink, freezer, dishwasher, router, alarm, gate, window, radiator
noun : dog, video, car, house, story, game, baby, book, picture, teacher, bird, cat, tree, road, door, train, bridge,
  robot, island, mountain, river, ghost, spider, snake, monkey, horse, cow, chicken, duck, pigeon, rabbit, mouse,
  bear, lion, tiger, elephant, whale, shark, dolphin, turtle, frog, crab, octopus, penguin, owl, eagle, parrot, fox,
  wolf, goat, sheep, pig, donkey, kangaroo, squirrel, hedgehog, bat, bee, ant, moth, butterfly, worm, snail, lizard,
  dragon, wizard, pirate, king, queen, prince, princess, soldier, knight, thief, detective, lawyer, judge, doctor,
  nurse, pilot, captain, sailor, farmer, butcher, baker, waiter, chef, plumber, painter, singer, actor, dancer, poet,
  writer, editor, reporter, scientist, astronaut, engineer, professor, student, tourist, neighbour, stranger,
  politician, minister, president, mayor, monk, priest, twin, giant, clown, magician, juggler, referee, goalkeeper,
  boxer, swimmer, surfer, climber, cyclist, castle, temple, church, museum, tower, tunnel, harbour, lighthouse, canal,
  waterfall, volcano, desert, forest, jungle, cave, cliff, beach, swamp, glacier, valley, field, farm, village, city,
  street, alley, market, factory, warehouse, prison, hospital, palace, cottage, cabin, hut, tent, basement, rooftop,
  balcony, staircase, chimney, fence, gate, window, wall, ceiling, mirror, clock, candle, lantern, bell, drum,
  trumpet, violin, piano, flute, harp, statue, painting, sculpture, photograph, diary, letter, postcard, newspaper,
  magazine, dictionary, map, globe, compass, telescope, microscope, magnet, battery, engine, wheel, tyre, brake,
  pedal, saddle, trailer, tractor, crane, truck, van, taxi, ambulance, helicopter, rocket, satellite, submarine,
  ferry, yacht, canoe, raft, anchor, parachute, balloon, kite, puppet, doll, toy, marble, riddle, joke, rumour,
  secret, promise, accident, fire, flood, storm, earthquake, eclipse, rainbow, comet, planet, moon, star, galaxy,
  shadow, cloud, snowman, puddle, garden, seed, root, leaf, flower, rose, tulip, cactus, mushroom, pumpkin, pineapple,
  coconut, walnut, acorn, feather, shell, bone, skull, tooth, beard, moustache, tattoo, scar, wig, crown, mask,
  costume, glove, button, zip, pocket, ribbon, needle, thread, carpet, pillow, blanket, mattress, hammock, bathtub,
  sponge, soap, brush, bottle, barrel, bucket, shovel, rake, axe, saw, nail, screw, brick, plank, ladder, rope, chain,
  whistle, trophy, medal, flag, tournament, parade, circus, carnival, wedding, funeral, ceremony, lecture, debate,
  election, protest, strike, trial, crime, robbery, ransom, scandal, mystery, legend, myth, poem, novel, chapter,
  sentence, alphabet, accent, language, recipe, experiment, theory, formula, equation, triangle, circle, pattern,
  puzzle book, algorithm, password, virus, website, screenshot, gadget, invention, antique, souvenir, heirloom,
  diamond, pearl, coin, lottery, auction, bargain, invoice, loan, mortgage, pension, contract, signature, passport,
  visa, border, embassy, hostel, campsite, voyage, detour, shortcut, roundabout, motorway, pavement, crossing,
  signpost
topic_noun : politics, the weather, football, money, marriage, climate change, history, science, religion, crime,
  music, horror films, space, the economy, cooking, psychology, dinosaurs, the news, philosophy, fashion, interior
  design, crypto, astrology, gardening, photography, chess, mythology, architecture, the ocean, ancient rome, black
  holes, the stock market, true crime, dreams, nutrition, languages, coffee, cars, cults, artificial intelligence,
  volcanoes, the royal family, archaeology, sleep, minimalism, birdwatching, fermentation, handwriting, urban
  planning, the moon
adj : new, nice, old, weird, big, small, funny, good, long, cheap, expensive, random, cute, huge, tiny, fancy, broken,
  dirty, clean, dark, bright, loud, quiet, heavy, light, fast, slow, hot, cold, warm, wet, dry, fresh, rotten, sweet,
  salty, bitter, sour, spicy, soft, hard, smooth, rough, sharp, thick, thin, wide, narrow, deep, shallow, tall, short,
  round, flat, empty, full, young, ancient, modern, famous, popular, secret, strange, scary, creepy, gross, awkward,
  boring, exciting, amazing, lovely, gorgeous, ugly, pretty, clever, silly, stupid, brave, lazy, busy, calm, angry,
  grumpy, cheerful, lonely, shy, proud, jealous, polite, rude, generous, stingy, honest, fake, real, rare, common,
  simple, complicated, easy, difficult, useful, useless, dangerous, safe, healthy, ill, strong, weak, rich, poor,
  lucky, unlucky, magical, invisible, enormous, massive, gigantic, miniature, wooden, metal, plastic, golden, furry,
  fluffy, shiny, dusty, muddy, sticky, slippery, smelly, noisy, crowded, abandoned, haunted, frozen, burnt, raw,
  organic, homemade, handmade, second hand, vintage, electric, digital, foreign, local, annual, weekly, final,
  upcoming, sudden, mysterious, ridiculous, hilarious, adorable, pathetic, dramatic, suspicious, confusing, relaxing,
  stressful, tiring, embarrassing, impressive, disappointing, decent, average, awful, horrible, terrible, brilliant,
  fantastic, incredible, legendary, iconic, underrated, overrated, chaotic, wholesome, nostalgic, romantic, tragic,
  educational, controversial, illegal, mandatory, free, limited, wonky, squeaky, leaky, bumpy
tail_verb : chase, draw, fix, paint, rescue, sell, steal, film, bury, climb, copy, count, decorate, describe, destroy,
  explore, feed, fight, follow, guess, hide, hug, hunt, ignore, invent, juggle, kick, lift, measure, melt, mix, move,
  open, pack, park, photograph, pick, plant, poke, polish, pull, push, recognise, remember, repair, replace, ride,
  scrub, shake, shoot, sketch, smash, sniff, spot, squash, stack, study, swap, tease, throw, tickle, touch, trace,
  train, translate, trap, visit, wash, weigh, whisper to, worship, wrap, wrestle, adopt, admire, avoid, borrow, bribe,
  build, burn, carry, carve, charm, cook, crush
place_kind : cafe, park, mall, gym, library, cinema, market, beach, airport, clinic, bakery, bank, bookshop, barber,
  salon, museum, zoo, stadium, post office, swimming pool, playground, supermarket, pharmacy, hotel, temple, office,
  car park, petrol station, hardware shop, community centre, garage, restaurant, dentist, church, bus stop, theatre,
  station, tailor, laundrette, garden centre, bowling alley, ice rink, skate park, art gallery, escape room, flea
  market
# --- food -------------------------------------------------------------------------------------------------------
snack : coffee, tea, cake, ice cream, chocolate, chips, biscuits, popcorn, juice, toast, cookies, crisps, nuts,
  yoghurt, doughnuts, lemonade, hot chocolate, smoothies, waffles, pancakes, muffins, fruit, brownies, cheesecake,
  peanuts, jelly, crackers, marshmallows, raisins, sorbet, iced tea, milkshakes, pretzels, pudding, croissants
dish : pizza, noodles, rice, chicken, curry, burgers, pasta, soup, fried rice, sushi, salad, sandwiches, fish,
  dumplings, steak, eggs, lasagne, ramen, roast chicken, stew, tacos, kebabs, wraps, omelette, beans on toast, mac and
  cheese, wings, fried chicken, prawns, lamb, leftovers, mashed potatoes, risotto, hotpot, falafel, bbq, meatballs,
  pho, porridge, cereal, instant noodles, baked salmon, grilled cheese, chilli, casserole, quiche, paella, gnocchi,
  shawarma, fajitas, shakshuka
ingredient : milk, eggs, bread, rice, chicken, onions, butter, cheese, tomatoes, bananas, garlic, sugar, oil,
  potatoes, apples, coffee, pasta, yoghurt, flour, carrots, salt, tea bags, lemons, ginger, cereal, cucumber, spinach,
  mushrooms, broccoli, cabbage, lettuce, peppers, chillies, beans, lentils, tofu, mince, bacon, sausages, fish,
  prawns, noodles, honey, jam, peanut butter, soy sauce, vinegar, ketchup, mayonnaise, mustard, cumin, turmeric,
  cinnamon, coriander, mint, basil, parsley, oats, raisins, grapes, oranges, strawberries, mangoes, pineapple,
  watermelon, avocado, pears, limes, coconut milk, cream, ice cream, juice, water, baking powder, yeast, cocoa,
  vanilla, almonds
household : toilet paper, washing powder, shampoo, toothpaste, soap, bin bags, tissues, batteries, bleach, sponges,
  foil, cling film, cat food, nappies, wet wipes, plasters, candles, light bulbs, dish soap, razors, kitchen roll,
  sunscreen, mosquito spray, dishcloths, floss, hand wash, deodorant
grocery = 5* <ingredient> | <household>
taste : nice, good, salty, bland, spicy, dry, too sweet, overcooked, cold, oily, burnt, delicious, amazing,
  undercooked, fresh, crispy, soggy, rich, sour, greasy, chewy, mushy, tender, bitter, stale, raw in the middle,
  creamy, crunchy, heavenly
meal : dinner, lunch, breakfast, brunch, supper
drink : coffee, tea, water, beer, juice, wine, coke, milk, lemonade, bubble tea, green tea, an espresso, a latte, soda
  water
# --- work ---------------------------------------------------------------------------------------------------------
role : boss, manager, client, supervisor, colleague, intern, team lead, landlord, director, accountant, secretary,
  trainer, recruiter, customer, new guy, security guard, receptionist, supplier, consultant, cleaner, driver, auditor,
  hr lady
work_doc : report, slides, spreadsheet, invoice, proposal, contract, minutes, budget, schedule, email, presentation,
  timesheet, form, draft, quotation, checklist, newsletter, brochure, handover notes, agenda, mockup, codebase,
  ticket, invoice list, claim form, feedback, roadmap, appraisal, policy, database, forecast, press release, training
  manual, stock list, memo
work_event : meeting, interview, presentation, training, call, review, deadline, shift, audit, workshop, conference,
  demo, site visit, stand up, town hall, team lunch, inspection, night shift, appraisal, induction, handover,
  stocktake, webinar
work_problem : the system crashed, the client changed everything, nobody replied, the printer jammed, they cut the
  budget, someone called in sick, we were short staffed, the figures were wrong, the projector died, the deadline got
  moved up, the wifi went down, they gave me someone else's work, the file got deleted, payroll messed up, the lift
  broke, the delivery never came, the server went down, I had to redo the whole thing, a customer shouted at me, it
  got cancelled
company_part : finance, sales, hr, marketing, IT, logistics, management, the warehouse, head office, legal, customer
  service, design, operations, procurement, the night team, security, the front desk, payroll, research, the other
  branch
# --- school -------------------------------------------------------------------------------------------------------
subject : maths, chemistry, physics, history, biology, english, economics, statistics, accounting, geography,
  psychology, programming, calculus, law, sociology, literature, art, philosophy, french, engineering drawing,
  thermodynamics, marketing, anatomy, algebra, politics, music theory, drama, spanish, computing, genetics,
  linguistics, electronics, ethics, geology
school_work : essay, assignment, homework, project, lab report, presentation, quiz, exam, thesis, worksheet, reading,
  test, group project, tutorial, problem set, midterm, final, dissertation, poster, case study, practical, coursework,
  reflection, code review, book report, bibliography, mock exam, research proposal, flashcards, chapter summary, oral,
  resit
school_person : lecturer, prof, teacher, tutor, group mate, classmate, lab partner, supervisor, teaching assistant,
  examiner, principal, roommate, librarian, counsellor, head of department, coach
grade : a B, an A, a C, full marks, 70 percent, a pass, a D, an A minus, 65, 48, 82, 91, a first, a distinction, a
  fail
# --- sport, games, music, films --------------------------------------------------------------------------------
sport : football, badminton, basketball, tennis, swimming, cricket, volleyball, running, cycling, yoga, boxing, table
  tennis, climbing, netball, hockey, rugby, golf, bowling, frisbee, karate, squash, skating, gymnastics, rowing,
  surfing, darts, pool
player_role : keeper, striker, captain, ref, coach, midfielder, defender, winger, new signing, sub, left back,
  manager, linesman, centre back, number 10, youngster, crowd, whole team, bench
play_vp : miss a penalty, score a hat trick, waste an easy chance, lose the derby, win the final, save a penalty, hit
  the post, get a red card, concede in the last minute, give away a corner, score an own goal, equalise, miss an open
  goal, win the title, throw away the lead, get injured, lose the cup, score from a free kick, handle it in the box,
  dive again, bottle it, nutmeg the ref, pass backwards, miss the second leg, head it over the bar, slip, block
  everything, score twice, win three points, get booked
play_adj : unreal, shocking, class, rubbish, lucky, robbed, brilliant, lazy, useless, on fire, clueless, solid,
  invisible, clinical, nervous, slow, sloppy, unlucky, finished, immense, hopeless, outstanding, disgraceful
team_sport : football, badminton, basketball, tennis, cricket, volleyball, table tennis, netball, hockey, rugby,
  squash, pool, darts, bowling
score : 2 1, 1 0, 3 1, 0 0, 1 1, 2 0, 3 2, 2 2, 4 0, 4 1, 5 2, 3 3, 6 1
game : Minecraft, Fifa, Valorant, Roblox, Fortnite, Mario Kart, League, Among Us, Genshin, Zelda, Pokemon, Dota,
  Tetris, The Sims, Stardew, Overwatch, Apex, Elden Ring, Skyrim, GTA, Hades, Portal, Terraria, Smash, Rocket League,
  Civ, Hollow Knight, chess
game_thing : boss, level, quest, skin, controller, server, update, ranked match, squad, lobby, map, build, raid, side
  quest, sword, shield, sniper, dungeon, speedrun, glitch, cutscene, expansion, loot box, headset, patch, healer,
  tank, save file, combo, respawn, leaderboard, crossbow, potion, inventory, easter egg, soundtrack, tutorial, beta,
  clan, tournament
music_kind : song, album, playlist, band, concert, gig, remix, podcast, cover, ep, live version, music video,
  festival, dj set, choir, orchestra, soundtrack, ballad, chorus, bass line, lyric, drum solo, vinyl, karaoke night
music_style : jazz, rap, rock, pop, techno, house, indie, country, metal, r and b, classical, reggae, punk, folk,
  k-pop, drill, soul, disco, lo-fi, gospel, blues, trance, ska, opera, grime, bossa nova
show_word : Crown, River, Harbour, Midnight, Garden, Winter, Empire, Shadow, Island, Signal, Summer, Ghost, Kingdom,
  Mirror, Orchid, Thunder, Lantern, Paper, Silver, Crimson, Velvet, Broken, Hidden, Silent, Golden, Electric,
  Forgotten, Seventh, Last, Lost
show_kind : House, City, Road, Hour, Letters, Heart, Detective, Daughter, Train, Window, Brothers, Season, Game, Song,
  Witness, Kitchen, Hotel, Bride, Valley, Protocol, Hospital, Lawyer, Frontier, Code, Coast
film_kind : film, movie, show, series, documentary, episode, drama, finale, anime, comedy, cartoon, sitcom, thriller,
  trailer, sequel, reality show, horror film, musical, miniseries, pilot, prequel, spin off
hobby_vp : bake bread, play the guitar, knit, go hiking, paint, write poems, learn the piano, go fishing, take photos,
  dance, meditate, learn italian, collect stamps, grow tomatoes, play chess, do pottery, go climbing, sew, do
  crosswords, read, build models, make candles, play the drums, edit videos, learn korean, do origami, practise
  calligraphy, go birdwatching, play poker, go camping, do karaoke, restore furniture, brew beer, fly drones, do
  archery, crochet, juggle, skateboard
# --- health, body, feelings -------------------------------------------------------------------------------------
illness : a cold, a headache, a fever, the flu, a cough, a sore throat, a stomach ache, a migraine, food poisoning,
  back pain, a toothache, a rash, hay fever, an ear infection, a blocked nose, cramps, a sprained ankle, an allergy,
  insomnia, heartburn, a stiff neck, chickenpox, an eye infection, a twisted knee, asthma, a temperature, a chest
  infection, sunburn, hiccups
body : head, back, stomach, leg, foot, tooth, throat, neck, knee, eye, arm, shoulder, ankle, ear, hand, wrist, hip,
  finger, elbow, jaw, chest, thumb, heel, nose
remedy : panadol, tea with honey, some rest, painkillers, antibiotics, vitamin C, a hot shower, lots of water, ginger
  tea, cough syrup, an early night, an ice pack, eye drops, tiger balm, plasters, paracetamol, a massage, soup, steam,
  yoga, a nap
feel : tired, hungry, sleepy, bored, sick, fine, stressed, happy, busy, excited, sad, confused, broke, lost, nervous,
  full, awake, hungover, annoyed, lonely, lazy, worried, dizzy, dead, proud, relieved, jealous, angry, grumpy,
  homesick, embarrassed, hyper, freezing, thirsty, anxious, calm, emotional, exhausted, fed up, guilty, curious,
  drained, hopeful, rusty, overwhelmed, shy, miserable, impatient, restless, grateful, gutted, moody, paranoid,
  peckish, puzzled, refreshed, sore, speechless, tipsy
# --- home, pets, plants, weather, travel, tech, money ---------------------------------------------------------------
pet : dog, cat, puppy, kitten, rabbit, hamster, parrot, goldfish, tortoise, guinea pig, budgie, gecko, hen, terrapin,
  ferret
pet_vp : sleep on the <thing>, eat the <thing>, bark at the postman, steal the <dish>, knock over the <plant>, hide
  under the <thing>, chew the <clothes>, throw up on the rug, chase a <noun>, refuse to eat, scratch the door, jump on
  the counter, escape, wake everyone up, stare at the wall, dig up the <plant>, bite the vet, sit on the keyboard,
  lick the window, run off with the <grocery>, bring home a <noun>, growl at <name>, break the <thing>, roll in the
  mud, drink from the toilet, learn to open doors, snore through the <film_kind>, ignore <name>
plant : basil, orchid, cactus, fern, rose bush, tomato plant, mint, money plant, bonsai, lavender, aloe, chilli plant,
  sunflower, monstera, ivy, lemon tree, jasmine, peace lily, hibiscus, succulent, rosemary, strawberry patch, avocado
  plant, palm
weather : raining, hot, cold, sunny, windy, pouring, humid, freezing, cloudy, boiling, foggy, grey, stormy, drizzling,
  lovely out, miserable, sweltering, chilly, hazy, dusty, muggy, thundering, icy, slippery, breezy, baking, nippy,
  overcast, hailing
vehicle : bus, train, car, taxi, bike, scooter, van, lift, cab, coach, minibus, shuttle
travel_place : Bali, Paris, Bangkok, London, Tokyo, Dubai, Rome, Lisbon, Barcelona, Goa, Seoul, New York, Istanbul,
  Amsterdam, Phuket, Cairo, Berlin, Sydney, Vienna, Prague, Athens, Madrid, Accra, Nairobi, Cancun, Havana, Dublin,
  Mexico, Kyoto, Hanoi, Marrakech, Toronto, Zanzibar, Santorini, Reykjavik, Bogota, Chicago, Vegas, Melbourne, Osaka,
  Penang, Colombo, Kathmandu, Cape Town
travel_thing : flight, hotel, visa, passport, ticket, luggage, hostel, booking, airport transfer, insurance,
  itinerary, boarding pass, layover, check in, window seat, rental car, villa, tour, currency, travel adapter,
  sunscreen, train pass, airbnb, suitcase
app : WhatsApp, Instagram, Netflix, Spotify, YouTube, the group chat, TikTok, Facebook, Zoom, the bank app, Gmail,
  Google Maps, Discord, Excel, Teams, the calendar, Telegram, Snapchat, PowerPoint, Canva, the website, Twitter, Uber,
  Duolingo, Outlook, Reddit
tech_problem : keep crashing, freeze, log me out, drain the battery, stop working, take forever to load, show an
  error, update by itself, delete everything, ask for the password, send things twice, lose the signal, show a blank
  screen, overheat, run out of storage, refuse to connect, mute itself, restart on its own, duplicate the photos,
  flash blue
bill : electricity bill, rent, phone bill, water bill, taxi, tickets, dinner, present, pizza, hotel, petrol, drinks,
  groceries, deposit, internet, parking fine, insurance, school fees, repair, cake, concert, birthday gift, fuel,
  membership, road tax
event : party, wedding, match, gig, concert, exam, birthday, trip, interview, dinner, barbecue, meeting, reunion,
  festival, quiz, appointment, housewarming, picnic, class, game night, funeral, baby shower, graduation, open day,
  marathon, fair, show, parade, christening, leaving do, movie night, sleepover, conference, charity run, competition,
  rehearsal, sale, camping trip
gift : flowers, a cake, a voucher, a book, a scarf, a mug, perfume, chocolates, a watch, a plant, earrings, a card,
  socks, a photo album, concert tickets, a board game, headphones, a teddy, a candle, a cookbook, lego, a wallet, a
  blanket, a massage, a jigsaw, wine
kin : my mum/f, my dad/m, my brother/m, my sister/f, my cousin/m, my aunt/f, my uncle/m, my gran/f, my grandad/m, my
  nephew/m, my niece/f, my boyfriend/m, my girlfriend/f, my roommate/f, my flatmate/m, my neighbour/f, my auntie/f, my
  little brother/m, my big sister/f, my mother in law/f, my godson/m, my best friend/f, my ex/m, my stepdad/m, my
  twin/f
trait : late, funny, nice, annoying, sweet, weird, quiet, dramatic, lazy, busy, rude, kind, moody, loud, bossy,
  stubborn, clumsy, generous, forgetful, competitive, picky, sensible, chatty, nosy, cheeky, patient, strict, vain,
  wise, gullible, organised
body_part_sore : head, back, stomach, throat, tooth, knee, neck, shoulder, ankle, eye, feet, hand, legs
# --- what people do -----------------------------------------------------------------------------------------------
vp_home : do the laundry, clean the <room>, fix the <appliance>, cook <dish>, wash the dishes, sleep, take a shower,
  wait for the <appliance> guy, do the shopping, pack, tidy up, feed the <pet>, water the <plant>, iron the <clothes>,
  take out the rubbish, move the <thing>, look for the <thing>, paint the <room>, babysit, mop the floor, vacuum the
  <room>, change the sheets, walk the <pet>, defrost the freezer, unpack, hang up the washing, assemble a <thing>, pay
  the <bill>
vp_out : grab <snack>, go to the <place_kind>, watch a <film_kind>, go shopping, meet <name>, play <sport>, eat
  <dish>, get a haircut, pick up the <thing>, pick up <kin>, go for a walk, buy <grocery>, go for a run, catch the
  <vehicle>, see the doctor, go to the gym, return the <thing>, collect a parcel, visit <name>, go to <name>'s
  <event>, go swimming, try the <adj> <place_kind>, buy <gift>, hit the <place_kind>, have <meal> with <name>, drop
  <name> at the <place_kind>, get <snack> with <name>, queue for <dish>
vp_work : finish the <work_doc>, go to a <work_event>, send the <work_doc>, work late, call the <role>, prepare the
  <work_doc>, reply to emails, talk to the <role>, check the <work_doc>, rewrite the <work_doc>, cover a shift, chase
  <company_part>, print the <work_doc>, sign the <work_doc>, do overtime, sort out the <work_doc>, book the
  <work_event>, email <company_part>, train the <role>, proofread the <work_doc>, attend the <work_event>, meet the
  <role>, update the <work_doc>
vp_study : finish the <school_work>, study for the <subject> <school_work>, do the <school_work>, read for <subject>,
  revise <subject>, go to the <subject> lecture, write the <school_work>, submit the <school_work>, print the notes,
  meet the <school_person>, borrow the <subject> notes, email the <school_person>, memorise <subject>, practise
  <subject>, start the <school_work>
vp_play : play <game>, finish the <game_thing>, watch the <film_kind>, watch <sport>, listen to <music_style>,
  <hobby_vp>, beat the <game_thing>, update <app>, learn the <music_kind>, binge the <film_kind>, stream <game>,
  scroll <app>, watch the match, make a <music_kind>
vp_tail : <tail_verb> a <noun>, <tail_verb> the <adj> <noun>, see a <noun>, read about <topic_noun>, talk about
  <topic_noun>, find a <adj> <noun>, watch a <film_kind> about <noun.pl>, buy a <adj> <noun>, dream about a <noun>,
  write about a <noun>
vp = 3* <vp_home> | 4* <vp_out> | 2* <vp_work> | 1.5* <vp_study> | 2* <vp_play> | 1.8* <vp_tail>
# --- time ----------------------------------------------------------------------------------------------------------
hour : 7, 8, 6, 5, 9, 3, 2, 4, 10, 12, 1, 11
clock = 3* <hour> | <hour>:30 | <hour>:15 | 2* <hour>pm | <hour>:<minutes> | <hour>ish | half <hour> | <hour>am
minutes : 45, 20, 10, 40, 50, 05, 35, 25, 55
weekday : Friday, Saturday, Sunday, Monday, Thursday, Wednesday, Tuesday
month : December, June, May, March, August, January, April, July, September, October, November, February
when = 4* tomorrow
  | 2* later | 3* tonight | on <weekday> | 2* this weekend | next week
  | after <after> | 1.5* at <clock> | <weekday> <daypart> | tomorrow <daypart>
  | this [morning|afternoon|evening] | next <weekday> | in <few> days | in <month>
  | before <after> | around <clock>
after : work, class, dinner, lunch, school, the gym, the match, training, my exam, church, the meeting, breakfast
daypart : morning, evening, afternoon, night
past = 4* yesterday
  | 3* last night | on <weekday> | last week | this morning | the other day
  | last <weekday> | <few> days ago | <few> weeks ago | earlier | in <month>
  | at the weekend
few : 2, a few, 3, 5, 10, 4, a couple of, 6
mins : 10, 5, 15, 20, 30, 2, 45, 25, 40, a few
small : 2, 3, 4, 5, 6, 7, 8, 9, 10, 12
age : 21, 30, 25, 40, 18, 22, 50, 19, 60, 35, 29, 16
percent : 50, 20, 10, 30, 2, 70, 15, 5, 25, 90, 1
number : 2, 3, 4, 5, 10, 6, 20, 12, 8, 15, 50, 7, 100, 30, 9, 25, 40, 200, 18, 75
"""
