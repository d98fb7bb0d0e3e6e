//! Tests of text messages.

use proptest::prelude::*;

use super::super::{Emoticons, Format, Mentions, lay_out};
use super::*;

fn people() -> Mentions {
    Mentions::new([("chris", "U3")].into_iter())
}

fn rendered_as(format: Format, message: &str, mentions: Ping, strict: bool) -> Rendered {
    let rules = Rules {
        mentions,
        people: &people(),
        emoticons: &Emoticons::default(),
        strict,
    };
    super::super::render(message, format, rules)
}

fn rendered(message: &str, mentions: Ping, strict: bool) -> (String, Ping) {
    let rendered = rendered_as(Format::Text, message, mentions, strict);
    (rendered.atoms.iter().map(Atom::as_str).collect(), rendered.ping)
}

#[track_caller]
fn check(message: &str, expected: &str) {
    assert_eq!(rendered(message, Ping::None, false), (expected.to_owned(), Ping::None));
}

#[test]
fn text_is_escaped_and_urls_stay_bare() {
    check(
        "(success) @all a<b & c http://x/?a=1&b=2",
        ":white_check_mark: @all a&lt;b &amp; c http://x/?a=1&amp;b=2",
    );
    check("<!channel> <@U3> &amp;", "&lt;!channel&gt; &lt;@U3&gt; &amp;amp;");
    check("a\r\nb\rc\nd", "a\nb\nc\nd");
    check("tab\there", "tab\there");
}

#[test]
fn emoticons_and_smileys_are_put_in() {
    check("(failed) build (jenkins)", ":x: build (jenkins)");
    check("at 8:00 (beer)(cake)", "at 8:00 :beer::cake:");
    check(
        ":) a :( x:) <3 I<3u",
        ":slightly_smiling_face: a :disappointed: x:) :heart: I&lt;3u",
    );
    check("http://x/(beer):) (beer)", "http://x/(beer):) :beer:");
    check("(shrug)", "¯\\_(ツ)_/¯");
}

#[test]
fn every_emoticon_has_its_emoji() {
    for (words, shown) in [
        ("(success) (successful)", ":white_check_mark:"),
        ("(failed) (fail)", ":x:"),
        ("(thumbsup) (yey)", ":thumbsup:"),
        ("(thumbsdown)", ":thumbsdown:"),
        ("(beer)", ":beer:"),
        ("(coffee)", ":coffee:"),
        ("(cake)", ":cake:"),
        ("(heart) <3", ":heart:"),
        ("(boom)", ":boom:"),
        ("(fire)", ":fire:"),
        ("(lol) (rofl)", ":joy:"),
        ("(cry) :'(", ":cry:"),
        ("(tableflip)", "(╯°□°)╯︵ ┻━┻"),
        ("(shrug)", "¯\\_(ツ)_/¯"),
        ("(facepalm)", ":face_palm:"),
        ("(awesome) (awyeah)", ":sunglasses:"),
        ("(allthethings) (highfive)", ":raised_hands:"),
        ("(pokerface)", ":neutral_face:"),
        ("(badass)", ":muscle:"),
        ("(clap) (slowclap)", ":clap:"),
        ("(ninja)", ":ninja:"),
        ("(poo)", ":poop:"),
        ("(sadpanda)", ":panda_face:"),
        ("(dance)", ":dancer:"),
        ("(star)", ":star:"),
        ("(warning)", ":warning:"),
        ("(info)", ":information_source:"),
        ("(wtf)", ":interrobang:"),
        ("(troll)", ":smiling_imp:"),
        ("(hodor) (gangnamstyle) (dealwithit)", ":sunglasses:"),
        (":) :-)", ":slightly_smiling_face:"),
        (":(", ":disappointed:"),
        (";)", ":wink:"),
        (":D", ":smile:"),
        (":P :p", ":stuck_out_tongue:"),
        (":o :O", ":open_mouth:"),
    ] {
        for word in words.split(' ') {
            check(&format!("a {word} b"), &format!("a {shown} b"));
            assert_eq!(rendered_as(Format::Html, word, Ping::None, false).plain, word);
        }
    }
    for word in [
        "(jenkins)",
        "(jira)",
        "(bitbucket)",
        "(bamboo)",
        "(stash)",
        "(nagios)",
        "(android)",
        "(chrome)",
        "(firefox)",
        "(unknown)",
    ] {
        check(word, word);
    }
    check(
        "8:00 http://x/:) a:)b (http://x/:P ) `:)`",
        "8:00 http://x/:) a:)b (http://x/:P ) `:)`",
    );
}

#[test]
fn mentions_are_those_of_the_directory() {
    check("@chris @CHRIS, (@chris) hi", "<@U3> <@U3>, (<@U3>) hi");
    check(
        "@nobody a@chris.example x@@chris /@chris",
        "@nobody a@chris.example x@@chris /@chris",
    );
    check("mailto:bob@chris http://u@chris/", "mailto:bob@chris http://u@chris/");
}

#[test]
fn the_room_is_called_only_where_that_is_allowed() {
    let case = |mentions| rendered("@all @here @All", mentions, false);
    assert_eq!(case(Ping::None), ("@all @here @All".to_owned(), Ping::None));
    assert_eq!(case(Ping::Here), ("<!here> <!here> <!here>".to_owned(), Ping::Here));
    assert_eq!(
        case(Ping::Channel),
        ("<!channel> <!here> <!channel>".to_owned(), Ping::Channel)
    );
}

#[test]
fn strict_breaks_marks_but_not_urls() {
    assert_eq!(
        rendered("*a* http://x/_y_", Ping::None, true).0,
        "*\u{200b}a*\u{200b} http://x/_y_"
    );
}

#[test]
fn what_shows_nothing_renders_to_nothing() {
    for message in [
        "",
        " \n\t ",
        "\u{a0}",
        "\u{200b}\u{feff}",
        "\u{202e}\u{2066}",
        "\u{0}\u{1b}",
    ] {
        check(message, "");
    }
    check("\u{200b}x", "\u{200b}x");
}

#[track_caller]
fn check_said(message: &str, expected: &str) {
    let said = rendered_as(Format::Said, message, Ping::None, false);
    assert_eq!(
        said.atoms.iter().map(Atom::as_str).collect::<String>(),
        expected,
        "{message}"
    );
}

#[test]
fn commands_are_shown_as_hipchat_showed_them() {
    check_said(
        "/code let x = a<b; (beer) @chris :)",
        "```\nlet x = a&lt;b; (beer) @chris :)\n```",
    );
    check_said("/code\n  a\n  b ``` c\n", "```\n  a\n  b ``\u{200b}` c\n```");
    check_said("/quote a\nb (beer) @chris\n", "> a\n> b :beer: <@U3>");
    check_said("/me waves <b> at @chris", "_waves &lt;b&gt; at <@U3>_");
    check_said("/me  a \n\n b", "_a_\n\n_b_");
}

#[test]
fn what_is_no_command_stays() {
    for message in [
        "/codex",
        "/code",
        "/me",
        "/me ",
        "/quote  \n",
        " /code x",
        "x /me y",
        "/Code x",
        "/unknown x",
    ] {
        check_said(message, message);
    }
    check("/code x", "/code x");
    check("/me x", "/me x");
}

#[test]
fn commands_say_what_they_show_in_plain_text_too() {
    for (message, plain) in [("/code  x", " x"), ("/quote a\nb", "a\nb"), ("/me  waves ", "waves")] {
        assert_eq!(rendered_as(Format::Said, message, Ping::None, false).plain, plain);
    }
}

#[test]
fn a_quotation_is_one_in_every_part() {
    let said = rendered_as(Format::Said, "/quote aaa bbb\nccc", Ping::None, false);
    assert_eq!(lay_out(&said.atoms, 8, 9).parts, ["> aaa", "> bbb", "> ccc"]);
    let said = rendered_as(Format::Said, "/quote abcdefgh", Ping::None, false);
    assert_eq!(lay_out(&said.atoms, 6, 9).parts, ["> abcd", "> efgh"]);
}

#[test]
fn where_slack_looks_for_no_urls_they_are_links() {
    let rules = Rules {
        mentions: Ping::None,
        people: &people(),
        emoticons: &Emoticons::default(),
        strict: false,
    };
    let linked = render_linked("see http://x/?a=1&b=2|3. (https://y/), http:// a@b", rules);
    assert_eq!(
        linked.atoms.iter().map(Atom::as_str).collect::<String>(),
        "see <http://x/?a=1&amp;b=2%7C3>. (<https://y/>), http:// a@b"
    );
}

proptest! {
    #[test]
    fn no_message_calls_anybody_whom_the_operator_did_not_allow(
        message in r"([@<>!#&;:()/ \n*`]|channel|here|everyone|all|chris|http://|U3|subteam|\PC){0,40}",
    ) {
        let (markup, ping) = rendered(&message, Ping::None, false);
        prop_assert_eq!(ping, Ping::None);
        prop_assert!(!markup.replace("<@U3>", "").contains(['<', '>']), "{}", markup);
    }

    #[test]
    fn what_is_no_emoticon_and_no_mention_is_preserved(message in r"[a-z<>&;*_ .,\n]{0,60}") {
        let (markup, _) = rendered(&message, Ping::None, false);
        let back = markup.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let expected = if message.trim().is_empty() { "" } else { message.as_str() };
        prop_assert_eq!(back, expected);
    }

    #[test]
    fn any_text_renders(message in any::<String>()) {
        let _ = rendered(&message, Ping::Channel, true);
    }
}
