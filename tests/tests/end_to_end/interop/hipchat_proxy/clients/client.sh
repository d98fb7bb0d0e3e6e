#!/usr/bin/env bash
# What shell scripts did with HipChat: a few calls of curl, as people wrote them. Its arguments name a call and what it
# needs; HIPCHAT and TOKEN stand in the environment. It prints the answer's body and, on a line of its own, the status.
set -euo pipefail

curl() {
    command curl --silent --show-error --cacert "$CA_FILE" --write-out '\n%{http_code}\n' "$@"
}

case $1 in
# A script for the second API that makes JSON by hand: only backslashes and quotes are escaped.
room_message)
    message=$(printf '%s' "$3" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g')
    curl -H 'Content-Type: application/json' -X POST \
        -d "{\"color\":\"green\", \"message\":\"$message\", \"message_format\":\"text\", \"notify\":true}" \
        -H "Authorization: Bearer $TOKEN" "$HIPCHAT/v2/room/$2/notification"
    ;;
# The same for the first: nothing is encoded but the message.
room_message_v1)
    curl -d "auth_token=$TOKEN&room_id=$2&from=$3&color=red&message_format=html&notify=1" \
        --data-urlencode "message=$4" "$HIPCHAT/v1/rooms/message"
    ;;
# A form for the second API, and a slash before the query.
form)
    curl -d 'message_format=text' -d 'notify=true' -d 'color=purple' --data-urlencode "message=$3" \
        "$HIPCHAT/v2/room/$2/notification/?auth_token=$TOKEN"
    ;;
# The first API by GET.
get)
    curl -G --data-urlencode "room_id=$2" -d 'from=cron' --data-urlencode "message=$3" -d "auth_token=$TOKEN" \
        "$HIPCHAT/v1/rooms/message/"
    ;;
# No word about what the body is, nor about who sends it, and a scheme in lower case.
untyped)
    curl -H 'Content-Type:' -H 'User-Agent:' -H 'Accept:' -H "Authorization: bearer $TOKEN" \
        -d "message=$3&message_format=text" "$HIPCHAT/v2/room/$2/notification"
    ;;
untyped_v1)
    curl -H 'Content-Type:' -d "room_id=$2&from=cron&auth_token=$TOKEN" --data-urlencode "message=$3" \
        "$HIPCHAT/v1/rooms/message"
    ;;
# To the old host, which leads elsewhere.
old_host)
    curl --connect-to "api.hipchat.com:443:$HIPCHAT_AT" -H "Authorization: Bearer $TOKEN" \
        -H 'Content-Type: application/json' -d '{"message":"still here"}' \
        "https://api.hipchat.com/v2/room/$2/notification"
    ;;
*)
    echo "no call $1" >&2
    exit 64
    ;;
esac
