/** A thing to recommend, and what people say when it is what they need. */
export type Offer = {
  id: string;
  title: string;
  text: string;
  tags: readonly string[];
  talk: readonly string[];
};

/** What some people care about: a channel where they talk, what they say there, and what fits them. */
export type Theme = {
  id: string;
  channel: string;
  tag: string;
  chat: readonly string[];
  offers: readonly Offer[];
};

export const themes: readonly Theme[] = [
  {
    id: 'cycling',
    channel: '#cycling',
    tag: 'cycling',
    chat: [
      'lovely ride along the canal this morning, hardly any wind',
      'my commute is twelve kilometres each way and I would not swap it for the bus',
      'saddle height finally feels right after a week of fiddling',
      'anyone up for a slow ride on Sunday, coffee stop included',
    ],
    offers: [
      {
        id: 'bike-check',
        title: 'A bike check at your door',
        text: 'A mechanic comes to you: brakes adjusted, gears indexed, chain measured and tyres pumped, in forty minutes.',
        tags: ['repair', 'outdoors'],
        talk: [
          'my brakes squeal and the gears skip under load, where do I even start',
          'chain is worn again after one winter, does a mechanic come to the house',
          'rear derailleur is out of line since it fell over in the shed',
          'is a yearly bike service worth it or should I learn to index gears',
        ],
      },
      {
        id: 'bike-lights',
        title: 'Bike lights for dark commutes',
        text: 'Bright, rechargeable front and rear lights, with a mount that holds on rough roads and a month to try them.',
        tags: ['gear', 'safety'],
        talk: [
          'drivers do not see me on the unlit bit of my commute, what front light do you use',
          'my rear light dies in the cold, rechargeable ones anyone',
          'the light mount rattles loose on cobbles every single time',
          'dark at half past four now, time for proper bike lights',
        ],
      },
      {
        id: 'gravel-weekend',
        title: 'A guided gravel weekend',
        text: 'Two days on forest tracks and quiet lanes with a guide, luggage carried ahead and a barn to sleep in.',
        tags: ['weekend', 'outdoors'],
        talk: [
          'want to try gravel riding but not alone in the forest the first time',
          'which tyres for two days of forest tracks, forty millimetres enough?',
          'bikepacking sounds great until I think of carrying the luggage',
          'looking for a guided weekend ride, quiet lanes rather than races',
        ],
      },
      {
        id: 'cargo-bike-trial',
        title: 'Try a cargo bike for a week',
        text: 'Borrow an electric cargo bike for seven days: school run, weekly shop and a lock that the insurer accepts.',
        tags: ['family', 'rental'],
        talk: [
          'thinking of selling the car and getting a cargo bike for the school run',
          'do two kids and the weekly shop fit in an electric cargo bike',
          'can you rent a cargo bike before spending that much on one',
          'where do you park and lock a cargo bike at night',
        ],
      },
    ],
  },
  {
    id: 'gardening',
    channel: '#garden',
    tag: 'garden',
    chat: [
      'first robin of the season helped me dig the border',
      'the allotment waiting list is four years here, so pots it is',
      'frost tonight, everything tender is under fleece',
      'swapped two courgettes for a jar of honey over the fence',
    ],
    offers: [
      {
        id: 'seed-calendar',
        title: 'A seed calendar for your postcode',
        text: 'What to sow indoors, outdoors and under glass each week, from the frost dates and rainfall where you live.',
        tags: ['planning', 'free'],
        talk: [
          'is it too early to sow tomatoes indoors up here',
          'when is the last frost usually, I lost all my beans last year',
          'need a plan for what to sow each week, I always miss the window',
          'which seeds can go straight outdoors now',
        ],
      },
      {
        id: 'compost-kit',
        title: 'Start composting in a small garden',
        text: 'A closed bin, a thermometer and a short course: from kitchen peelings to dark compost, without smell or rats.',
        tags: ['soil', 'home'],
        talk: [
          'my compost heap just smells and never gets warm',
          'how do you keep rats out of a compost bin with kitchen peelings in it',
          'can you compost at all in a tiny back garden',
          'soil here is pure clay, would two years of compost fix it',
        ],
      },
      {
        id: 'slug-patrol',
        title: 'Slugs and snails, without poison',
        text: 'Nematodes by post in spring, copper rings for pots, and which plants they leave alone.',
        tags: ['pests', 'offer'],
        talk: [
          'slugs ate every lettuce seedling overnight again',
          'do nematodes really work against slugs or is it a myth',
          'snails in the hostas, and I do not want poison near the hedgehog',
          'copper tape round the pots did nothing, what next',
        ],
      },
      {
        id: 'balcony-harvest',
        title: 'A harvest from the balcony',
        text: 'Deep window boxes, peat-free soil and six plug plants that crop in half a day of sun, delivered ready to plant.',
        tags: ['balcony', 'offer'],
        talk: [
          'what vegetables crop on a balcony with only half a day of sun',
          'window boxes dry out by noon, deeper ones or more watering?',
          'looking for plug plants, I have no room to raise seedlings',
          'strawberries on the fourth floor, has anyone managed that',
        ],
      },
    ],
  },
  {
    id: 'cooking',
    channel: '#kitchen',
    tag: 'food',
    chat: [
      'soup season is officially open in this house',
      'the market had quinces, so the whole flat smells of them now',
      'made too much rice again, fried rice tomorrow then',
      'my grandmother never wrote down a single quantity',
    ],
    offers: [
      {
        id: 'sourdough-course',
        title: 'Sourdough in four evenings',
        text: 'A live starter by post and four short lessons: feeding, shaping, proving and baking in an ordinary oven.',
        tags: ['baking', 'course'],
        talk: [
          'my sourdough starter has grey liquid on top, is it dead',
          'loaf comes out flat as a pancake, is that underproved or overproved',
          'how do I shape a wet dough without it sticking to everything',
          'baking bread in an ordinary oven without steam, any tricks',
        ],
      },
      {
        id: 'knife-sharpening',
        title: 'Kitchen knives sharpened by post',
        text: 'Send up to six blunt knives in a padded box; they come back within three days, sharp enough for ripe tomatoes.',
        tags: ['tools', 'offer'],
        talk: [
          'my kitchen knives squash tomatoes instead of cutting them',
          'whetstone or sharpening service, I am scared of ruining the blade',
          'what angle do you sharpen a santoku at',
          'blunt knives are more dangerous, I have the plaster to prove it',
        ],
      },
      {
        id: 'veg-box',
        title: 'A weekly vegetable box',
        text: 'Seasonal vegetables from farms within fifty miles, a recipe for the odd ones, and skip any week you like.',
        tags: ['weekly', 'offer'],
        talk: [
          'what on earth do I do with celeriac and three kohlrabi',
          'are vegetable boxes worth it for two people or does half go off',
          'I want to eat with the seasons but the supermarket has no clue',
          'can you skip a week of the veg box when on holiday',
        ],
      },
      {
        id: 'weeknight-plan',
        title: 'Dinner plans for busy weeknights',
        text: 'Five dinners of thirty minutes each, one shopping list, and leftovers that become the next day’s lunch.',
        tags: ['planning', 'free'],
        talk: [
          'I come home at seven and the kids want dinner at five past',
          'need ideas for thirty minute dinners that are not pasta again',
          'how do you plan a week of meals with one shopping list',
          'leftovers for lunch, what keeps well until tomorrow',
        ],
      },
    ],
  },
  {
    id: 'rail',
    channel: '#by-train',
    tag: 'travel',
    chat: [
      'nothing beats breakfast in the dining car while the hills go by',
      'four trains, three countries, one good book',
      'the station clock was seven minutes slow, and so was the train',
      'window seat facing forward, that is all I ask for',
    ],
    offers: [
      {
        id: 'night-train',
        title: 'Night trains, found and booked',
        text: 'Sleepers and couchettes across the continent in one search, with the connection held if the first train is late.',
        tags: ['booking', 'europe'],
        talk: [
          'is a couchette good enough to sleep in or should I pay for the sleeper',
          'how do I book a night train that crosses two countries',
          'we missed the sleeper because the first train was late, who pays',
          'night train to Vienna with a toddler, brave or stupid',
        ],
      },
      {
        id: 'rail-pass',
        title: 'Which rail pass pays off',
        text: 'Type in your trips and see whether a pass, a railcard or single tickets cost less, reservations included.',
        tags: ['tickets', 'free'],
        talk: [
          'does a rail pass pay off for five trips or are singles cheaper',
          'do I need seat reservations on top of the pass',
          'railcard renewal is due, is it worth it for two trips a month',
          'split tickets saved me a third of the fare last week',
        ],
      },
      {
        id: 'delay-claims',
        title: 'Money back for late trains',
        text: 'Forward the ticket, tell us how late you were, and we fill in the compensation claim for you.',
        tags: ['money', 'service'],
        talk: [
          'two hours late and the form for compensation is eight pages long',
          'has anyone got money back for a cancelled train lately',
          'the operator rejected my delay claim because of weather, is that allowed',
          'how late must a train be before they refund the ticket',
        ],
      },
      {
        id: 'luggage-ahead',
        title: 'Send your luggage ahead',
        text: 'A courier fetches the suitcase from home and has it in the hotel before your train arrives.',
        tags: ['service', 'comfort'],
        talk: [
          'changing trains with two suitcases and a pram, never again',
          'can you send luggage ahead to the hotel instead of dragging it',
          'are there lockers at the station big enough for a suitcase',
          'the courier lost nothing so far, best idea for a long rail trip',
        ],
      },
    ],
  },
  {
    id: 'photography',
    channel: '#photo',
    tag: 'photo',
    chat: [
      'golden hour lasted four minutes and I was changing the lens',
      'back through old negatives today, so many blinks',
      'fog over the river this morning, worth the early alarm',
      'the best camera is the one that is charged',
    ],
    offers: [
      {
        id: 'lens-rental',
        title: 'Rent the lens before you buy it',
        text: 'A macro, a fast portrait lens or a long zoom for a weekend, insured, with the rent taken off if you keep it.',
        tags: ['rental', 'gear'],
        talk: [
          'thinking about a macro lens but have no idea if I would use it',
          'is a fast fifty enough for portraits or do I need the eighty five',
          'can you rent a long zoom for one weekend of birds',
          'which lens for a wedding in a dark church, I only have the kit one',
        ],
      },
      {
        id: 'print-lab',
        title: 'Prints that look like the screen',
        text: 'Send a file, get a calibrated proof by post, then prints on matt or baryta paper up to a metre wide.',
        tags: ['prints', 'offer'],
        talk: [
          'my prints come back far darker than on my screen',
          'do I have to calibrate the monitor before ordering large prints',
          'matt or baryta paper for black and white, opinions please',
          'want one picture a metre wide over the sofa, who prints that well',
        ],
      },
      {
        id: 'photo-backup',
        title: 'A safe home for your photos',
        text: 'Automatic backup of raw files from card, phone and laptop, two copies in two places, and a restore that is tested.',
        tags: ['backup', 'service'],
        talk: [
          'memory card died and took the whole holiday with it',
          'how do you back up raw files, two disks or the cloud',
          'my photo library is on one old laptop and it makes strange noises',
          'restored my backup for the first time and half the pictures were missing',
        ],
      },
      {
        id: 'street-walk',
        title: 'A photo walk after dark',
        text: 'Three hours in the city at night with a photographer: slow shutter, reflections, and asking people for a portrait.',
        tags: ['course', 'city'],
        talk: [
          'every picture at night is either blurred or full of noise',
          'what shutter speed for light trails without a tripod',
          'how do you ask strangers for a street portrait without dying of shame',
          'looking for people to go on a photo walk in the city at night',
        ],
      },
    ],
  },
  {
    id: 'home-network',
    channel: '#home-network',
    tag: 'network',
    chat: [
      'labelled every cable in the cupboard, future me says thanks',
      'the router is older than my eldest child',
      'turned it off and on again, and of course it worked',
      'who else hosts the family photos on a tiny box under the stairs',
    ],
    offers: [
      {
        id: 'wifi-survey',
        title: 'Find the dead spots in your wifi',
        text: 'Walk through your home with the phone app: a map of the signal, the best place for the router, and which channel to use.',
        tags: ['wireless', 'free'],
        talk: [
          'wifi drops in the bedroom but is fine right beside the router',
          'which channel should I use, there are thirty networks in this house',
          'where do you put the router in a flat with thick walls',
          'signal is full but video calls freeze, what do I measure',
        ],
      },
      {
        id: 'mesh-kit',
        title: 'Mesh wifi, set up for you',
        text: 'Three mesh points, configured before they leave us: plug them in, and one network reaches the attic and the garden.',
        tags: ['wireless', 'gear'],
        talk: [
          'mesh or a repeater for a house with three floors',
          'my repeater halves the speed, is mesh wifi any better',
          'need wireless in the garden office, twenty metres from the house',
          'do the mesh points have to be wired to each other',
        ],
      },
      {
        id: 'safe-dns',
        title: 'A safer network for children',
        text: 'Filtering at the router by device and bedtime, with a log that parents and children can read together.',
        tags: ['family', 'safety'],
        talk: [
          'how do I block adult sites for the kids without breaking school work',
          'is there a way to switch off the tablet’s internet at bedtime',
          'set up filtering on the router and now the printer is gone',
          'my son found the way round the parental filter in a day, I am almost proud',
        ],
      },
      {
        id: 'fibre-switch',
        title: 'Switch to fibre without a gap',
        text: 'We order the line, cancel the old contract on the right day, and lend a mobile router until the engineer has been.',
        tags: ['provider', 'offer'],
        talk: [
          'fibre is in the street at last, how long is one offline when switching',
          'provider wants me for another two years, how do I cancel in time',
          'engineer did not turn up for the third time, no internet since Monday',
          'is fibre worth it if the old line gives fifty megabits',
        ],
      },
    ],
  },
  {
    id: 'running',
    channel: '#running',
    tag: 'running',
    chat: [
      'ten easy kilometres in the rain, and grinning the whole way',
      'parkrun tourist report: hilly, muddy, excellent cake',
      'rest day, which is harder than it sounds',
      'the dog set the pace and the dog was merciless',
    ],
    offers: [
      {
        id: 'couch-to-5k',
        title: 'From the sofa to five kilometres',
        text: 'Nine weeks, three runs a week, a voice that tells you when to walk, and a plan that forgives a missed day.',
        tags: ['plan', 'free'],
        talk: [
          'I get out of breath after one minute, how does anyone start running',
          'week four of the beginner plan and I had to repeat it, normal?',
          'want to run five kilometres by summer from zero',
          'walk breaks are not cheating, right',
        ],
      },
      {
        id: 'gait-analysis',
        title: 'Running shoes that fit how you run',
        text: 'A filmed run, five pairs to try on the road, and sixty days to bring them back if your knees complain.',
        tags: ['gear', 'shop'],
        talk: [
          'my knee hurts on the outside after five kilometres, is it the shoes',
          'how many kilometres do running shoes last before the foam is dead',
          'do I need stability shoes or is that all marketing',
          'blisters on the same toe every long run, size up?',
        ],
      },
      {
        id: 'half-marathon-coach',
        title: 'A coach for your half marathon',
        text: 'Twelve weeks written for your calendar and your pace, adjusted every Sunday from your watch by a real coach.',
        tags: ['plan', 'coach'],
        talk: [
          'twelve weeks until the half marathon and my long run is eight kilometres',
          'what pace should my long run be if I aim for two hours',
          'every plan I find assumes six days a week, I have three',
          'tapering makes me nervous, how much do you cut in the last week',
        ],
      },
      {
        id: 'physio-chat',
        title: 'A physiotherapist on video, today',
        text: 'Show where it hurts, get exercises filmed for you, and a second look after two weeks, without a waiting list.',
        tags: ['health', 'service'],
        talk: [
          'achilles is stiff every morning, run through it or rest',
          'shin splints again, which exercises really helped you',
          'waiting list for a physiotherapist is nine weeks here',
          'calf went pop in the sprint, how long was it for you',
        ],
      },
    ],
  },
  {
    id: 'budget',
    channel: '#money-matters',
    tag: 'money',
    chat: [
      'payday, and the first thing I did was move the rent',
      'found a twenty in my winter coat, so I am basically rich',
      'cash in envelopes still works better for me than any app',
      'said no to a subscription today, small victories',
    ],
    offers: [
      {
        id: 'budget-template',
        title: 'A budget you keep for more than a week',
        text: 'One page, four pots, ten minutes on Sunday: rent, food, savings and fun, filled in from your bank statement.',
        tags: ['planning', 'free'],
        talk: [
          'my budget always falls apart in the second week of the month',
          'how many categories do you have, mine has thirty and I hate it',
          'where does the money go, I earn enough and nothing is left',
          'looking for a simple budget on one page that I would really keep',
        ],
      },
      {
        id: 'energy-switch',
        title: 'Pay less for electricity and gas',
        text: 'Photograph the bill and see what the tariffs near you would cost for what you use, green ones marked.',
        tags: ['bills', 'home'],
        talk: [
          'electricity bill went up by half, how do I compare tariffs',
          'is a fixed tariff for gas a good idea right now',
          'what does a family of four use in electricity a year',
          'switching supplier took ten minutes, why did I wait for years',
        ],
      },
      {
        id: 'first-savings',
        title: 'The first three months’ salary, saved',
        text: 'A standing order that grows with you, a separate account without a fee, and a line that shows how far you are.',
        tags: ['savings', 'bank'],
        talk: [
          'how big should an emergency fund be with a steady job',
          'saving fails because the money sits in the same account',
          'standing order on payday changed everything for my savings',
          'car broke down and I had nothing saved, starting now',
        ],
      },
      {
        id: 'tax-evening',
        title: 'Your tax return in one evening',
        text: 'Plain questions in the order of your papers, last year’s answers filled in, and a person to ask until it is sent.',
        tags: ['tax', 'service'],
        talk: [
          'tax return is due and the papers are in three shoe boxes',
          'can I deduct the home office if it is also the guest room',
          'first year as a freelancer, how much do I put aside for tax',
          'do people still use a tax adviser for a simple return',
        ],
      },
    ],
  },
  {
    id: 'board-games',
    channel: '#board-games',
    tag: 'games',
    chat: [
      'lost to a nine year old again, she is ruthless with trains',
      'game night moved to Thursday, bring snacks that are not greasy',
      'the rule book is forty pages and the game lasts twenty minutes',
      'sleeved all six hundred cards, send help',
    ],
    offers: [
      {
        id: 'game-library',
        title: 'Borrow board games by post',
        text: 'Two games a month from a library of nine hundred, pieces counted, and buy the ones you cannot give back.',
        tags: ['rental', 'monthly'],
        talk: [
          'I buy games, play them twice, and they fill the cupboard',
          'is there a library that lends out board games by post',
          'would love to try a big box game before spending ninety on it',
          'which games do you keep and which do you trade away',
        ],
      },
      {
        id: 'two-player-pick',
        title: 'Good games for two',
        text: 'Tell us three that you liked and how long an evening is; get five games made for two players, cheapest shop named.',
        tags: ['advice', 'free'],
        talk: [
          'most of our games are dull with two players, what do you play as a couple',
          'looking for a cooperative game for two that is not too long',
          'card games for two on a train table, ideas?',
          'is the two player version of it any good or just a cash grab',
        ],
      },
      {
        id: 'game-cafe',
        title: 'A table at the game café',
        text: 'Four hours, a shelf of eight hundred games, and somebody who explains the rules so that nobody has to read.',
        tags: ['city', 'evening'],
        talk: [
          'nobody wants to read the rules, can somebody just explain them to us',
          'six people on a Saturday night, which game café takes bookings',
          'where do you meet other players when you are new in the city',
          'rainy afternoon with the cousins, game café or cinema',
        ],
      },
      {
        id: 'paint-minis',
        title: 'Paint your first miniatures',
        text: 'Five figures, nine paints, two brushes and a filmed evening from primer to highlights, for steady and shaky hands.',
        tags: ['craft', 'course'],
        talk: [
          'my first painted miniature looks like it fell into the pot',
          'which primer for plastic figures, spray or brush',
          'how thin do you thin the paint, it fills all the details',
          'dry brushing or washes for a beginner with shaky hands',
        ],
      },
    ],
  },
  {
    id: 'languages',
    channel: '#languages',
    tag: 'learning',
    chat: [
      'dreamt in Spanish for the first time and ordered soup in it',
      'the subjunctive and I are not on speaking terms',
      'read my first whole novel in French, dictionary barely touched',
      'my neighbour corrects my Turkish over the balcony, best teacher',
    ],
    offers: [
      {
        id: 'tandem-partner',
        title: 'A tandem partner for your language',
        text: 'Half an hour in yours, half an hour in theirs, with somebody of your interests, every week at the same time.',
        tags: ['speaking', 'free'],
        talk: [
          'I can read it fine but freeze when I have to speak',
          'looking for a tandem partner, my English for your Italian',
          'how do you practise speaking when you know nobody who speaks it',
          'my tandem partner always switches to English, what do I do',
        ],
      },
      {
        id: 'word-cards',
        title: 'Twenty words a day that stay',
        text: 'Flash cards with spaced repetition, made from the pages you read, with the sentence you met the word in.',
        tags: ['vocabulary', 'app'],
        talk: [
          'I forget new vocabulary after two days, every time',
          'does spaced repetition work or am I only learning the cards',
          'making flash cards by hand takes longer than learning them',
          'how many new words a day is realistic beside a job',
        ],
      },
      {
        id: 'exam-prep',
        title: 'Pass the B2 language exam',
        text: 'Mock exams marked by examiners, the listening part at real speed, and a plan for the eight weeks before.',
        tags: ['exam', 'course'],
        talk: [
          'B2 exam in two months and the listening part terrifies me',
          'where do I find mock exams that someone really marks',
          'how long from B1 to B2 with four hours a week',
          'the writing part, do they want a letter or an essay this year',
        ],
      },
      {
        id: 'language-holiday',
        title: 'Two weeks of lessons by the sea',
        text: 'Mornings in a class of six, afternoons with a host family, and a certificate that employers may even pay for.',
        tags: ['holiday', 'course'],
        talk: [
          'does a language holiday help or do you only meet other learners',
          'two weeks with a host family, how awkward was it at dinner',
          'my employer pays for a language course abroad, where should I go',
          'small classes by the sea in spring, recommendations?',
        ],
      },
    ],
  },
];

/** What stands before and behind what people say, so that few say it alike. */
export const openers: readonly string[] = [
  '',
  '',
  '',
  'hi all, ',
  'question: ',
  'quick one, ',
  'honestly, ',
  'so, ',
  'sorry if this was asked before, ',
  'morning everyone, ',
  'ok ',
];
export const closers: readonly string[] = [
  '',
  '',
  '',
  '',
  ' thanks!',
  ' any tips?',
  ' what do you all do?',
  ' it drives me mad',
  ' asking for a friend',
  ' tell me I am not alone',
];
export const answers: readonly string[] = [
  'same here, ',
  'for me it was this: ',
  'I had that last year. ',
  'not sure, but ',
  'this! ',
  'we talked about it last week, ',
  'good question, ',
  'oh yes. ',
];
export const thanks: readonly string[] = [
  'thank you, that helps a lot',
  'will try that at the weekend and report back',
  'brilliant, I did not know that existed',
  'ha, fair point',
  'that solved it, cheers',
  'ok, that is cheaper than I thought',
];
