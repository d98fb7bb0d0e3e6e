"use strict";
// The names of emoji that messages of tools are likely to hold, as Slack spells them. Others show as they were sent, which
// is also what Slack does with a name that its workspace does not know.
const EMOJI = Object.create(null);
for (const pair of (
  "+1 👍 -1 👎 thumbsup 👍 thumbsdown 👎 100 💯 alarm_clock ⏰ alien 👽 angel 👼 anger 💢 angry 😠 anguished 😧 arrow_down ⬇️ " +
  "arrow_left ⬅️ arrow_right ➡️ arrow_up ⬆️ arrows_counterclockwise 🔄 astonished 😲 balloon 🎈 ballot_box_with_check ☑️ " +
  "bangbang ‼️ bar_chart 📊 battery 🔋 beer 🍺 beers 🍻 bell 🔔 bike 🚲 birthday 🎂 blue_heart 💙 blush 😊 bomb 💣 book 📖 " +
  "bookmark 🔖 books 📚 boom 💥 bow 🙇 broken_heart 💔 bug 🐛 bulb 💡 cake 🍰 calendar 📆 camera 📷 car 🚗 cat 🐱 " +
  "chart_with_downwards_trend 📉 chart_with_upwards_trend 📈 checkered_flag 🏁 clap 👏 clipboard 📋 clock1 🕐 cloud ☁️ " +
  "cocktail 🍸 coffee ☕ cold_sweat 😰 collision 💥 computer 💻 confetti_ball 🎊 confounded 😖 confused 😕 construction 🚧 " +
  "construction_worker 👷 cookie 🍪 cop 👮 credit_card 💳 crown 👑 cry 😢 crying_cat_face 😿 dancer 💃 dancers 👯 dart 🎯 " +
  "dash 💨 date 📅 disappointed 😞 disappointed_relieved 😥 dizzy 💫 dizzy_face 😵 dog 🐶 dollar 💵 doughnut 🍩 dove 🕊️ " +
  "droplet 💧 ear 👂 earth_africa 🌍 electric_plug 🔌 email ✉️ envelope ✉️ exclamation ❗ expressionless 😑 eyes 👀 " +
  "face_palm 🤦 facepunch 👊 fearful 😨 fire 🔥 fire_engine 🚒 fireworks 🎆 fish 🐟 fist ✊ flushed 😳 frowning 😦 " +
  "fuelpump ⛽ gear ⚙️ gem 💎 ghost 👻 gift 🎁 globe_with_meridians 🌐 green_heart 💚 grimacing 😬 grin 😁 grinning 😀 " +
  "guitar 🎸 hammer 🔨 hammer_and_wrench 🛠️ hamburger 🍔 hand ✋ hankey 💩 hatching_chick 🐣 hear_no_evil 🙉 heart ❤️ " +
  "heart_eyes 😍 heavy_check_mark ✔️ heavy_exclamation_mark ❗ heavy_minus_sign ➖ heavy_plus_sign ➕ hotsprings ♨️ " +
  "hourglass ⌛ hourglass_flowing_sand ⏳ house 🏠 hugging_face 🤗 hushed 😯 ice_cream 🍨 inbox_tray 📥 information_source ℹ️ " +
  "innocent 😇 interrobang ⁉️ joy 😂 key 🔑 kissing_heart 😘 label 🏷️ large_blue_circle 🔵 large_green_circle 🟢 " +
  "large_orange_circle 🟠 large_yellow_circle 🟡 laughing 😆 leaves 🍃 link 🔗 lock 🔒 loudspeaker 📢 mag 🔍 mag_right 🔎 " +
  "mailbox 📫 man 👨 mask 😷 medal 🏅 mega 📣 memo 📝 microscope 🔬 money_with_wings 💸 moneybag 💰 monkey_face 🐵 moon 🌔 " +
  "muscle 💪 musical_note 🎵 mute 🔇 nail_care 💅 neutral_face 😐 new 🆕 newspaper 📰 ninja 🥷 no_bell 🔕 no_entry ⛔ " +
  "no_entry_sign 🚫 no_good 🙅 no_mouth 😶 notebook 📓 nut_and_bolt 🔩 octagonal_sign 🛑 ok 🆗 ok_hand 👌 open_file_folder 📂 " +
  "open_mouth 😮 outbox_tray 📤 package 📦 page_facing_up 📄 panda_face 🐼 paperclip 📎 partly_sunny ⛅ partying_face 🥳 " +
  "party_popper 🎉 pencil 📝 pencil2 ✏️ penguin 🐧 pensive 😔 persevere 😣 phone ☎️ pill 💊 pineapple 🍍 pizza 🍕 point_down 👇 " +
  "point_left 👈 point_right 👉 point_up ☝️ point_up_2 👆 police_car 🚓 poop 💩 pray 🙏 pushpin 📌 question ❓ rabbit 🐰 rage 😡 " +
  "rain_cloud 🌧️ rainbow 🌈 raised_hand ✋ raised_hands 🙌 recycle ♻️ red_circle 🔴 relaxed ☺️ relieved 😌 repeat 🔁 ribbon 🎀 " +
  "robot_face 🤖 rocket 🚀 rolling_on_the_floor_laughing 🤣 rose 🌹 rotating_light 🚨 runner 🏃 running 🏃 satellite 🛰️ scream 😱 " +
  "see_no_evil 🙈 seedling 🌱 shield 🛡️ ship 🚢 shrug 🤷 skull 💀 skull_and_crossbones ☠️ sleeping 😴 sleepy 😪 " +
  "slightly_frowning_face 🙁 slightly_smiling_face 🙂 smile 😄 smiley 😃 smiling_imp 😈 smirk 😏 smoking 🚬 snail 🐌 snake 🐍 " +
  "snowflake ❄️ snowman ⛄ sob 😭 soccer ⚽ sos 🆘 sparkles ✨ speak_no_evil 🙊 speech_balloon 💬 star ⭐ star2 🌟 " +
  "stuck_out_tongue 😛 stuck_out_tongue_winking_eye 😜 sun_with_face 🌞 sunglasses 😎 sunny ☀️ sweat 😓 sweat_smile 😅 tada 🎉 " +
  "taxi 🚕 tea 🍵 telephone ☎️ test_tube 🧪 thinking_face 🤔 thunder_cloud_and_rain ⛈️ ticket 🎫 tired_face 😫 toolbox 🧰 " +
  "tornado 🌪️ traffic_light 🚥 triangular_flag_on_post 🚩 trophy 🏆 truck 🚚 turtle 🐢 umbrella ☔ unamused 😒 unicorn_face 🦄 " +
  "unlock 🔓 upside_down_face 🙃 v ✌️ vertical_traffic_light 🚦 warning ⚠️ wastebasket 🗑️ watch ⌚ wave 👋 weary 😩 " +
  "white_check_mark ✅ white_circle ⚪ black_circle ⚫ white_large_square ⬜ wine_glass 🍷 wink 😉 worried 😟 wrench 🔧 x ❌ " +
  "yellow_heart 💛 yum 😋 zap ⚡ zzz 💤"
).matchAll(/(\S+) (\S+)/g)) EMOJI[pair[1]] = pair[2];
