//! Tests of text messages.

use proptest::prelude::*;

use super::super::Mentions;
use super::*;

fn people() -> Mentions {
    Mentions::new([("chris", "U3")].into_iter())
}

fn rendered(message: &str, mentions: Ping, strict: bool) -> (String, Ping) {
    let people = people();
    let rendered = render(
        message,
        Rules {
            mentions,
            people: &people,
            strict,
        },
    );
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
fn white_space_renders_to_nothing() {
    check(" \n\t ", "");
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
