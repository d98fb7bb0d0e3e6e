// An application that uses hipchat-go. Its argument lists calls as [name, arguments] in JSON; a line is printed for
// what each of them gave.
package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"

	"github.com/tbruyelle/hipchat-go/hipchat"
)

type settings struct {
	Endpoint *string
	Token    string
	Calls    [][2]json.RawMessage
}

type arguments struct {
	Room         string
	User         string
	Topic        string
	Path         string
	Message      string
	Notification hipchat.NotificationRequest
}

func main() {
	var asked settings
	read([]byte(os.Args[1]), &asked)
	client := hipchat.NewClient(asked.Token)
	if asked.Endpoint != nil {
		base, err := url.Parse(*asked.Endpoint + "/v2/")
		if err != nil {
			panic(err)
		}
		client.BaseURL = base
	}
	told := json.NewEncoder(os.Stdout)
	for _, call := range asked.Calls {
		var name string
		var with arguments
		read(call[0], &name)
		read(call[1], &with)
		value, response, err := do(client, name, with)
		if err != nil {
			raised := map[string]any{"raised": "error", "text": err.Error()}
			if response != nil {
				raised["status"] = response.StatusCode
			}
			told.Encode(raised)
			continue
		}
		told.Encode(map[string]any{"returned": value, "status": response.StatusCode})
	}
}

func do(client *hipchat.Client, name string, with arguments) (any, *http.Response, error) {
	var value any
	var response *http.Response
	var err error
	switch name {
	case "notify":
		response, err = client.Room.Notification(with.Room, &with.Notification)
	case "say":
		response, err = client.Room.Message(with.Room, &hipchat.RoomMessageRequest{Message: with.Message})
	case "topic":
		response, err = client.Room.SetTopic(with.Room, with.Topic)
	case "tell":
		response, err = client.User.Message(with.User, &hipchat.MessageRequest{Message: with.Message})
	case "share":
		file := hipchat.ShareFileRequest{Path: with.Path, Message: with.Message}
		response, err = client.Room.ShareFile(with.Room, &file)
	case "room":
		var room *hipchat.Room
		room, response, err = client.Room.Get(with.Room)
		if err == nil {
			value = map[string]any{"id": room.ID, "name": room.Name}
		}
	case "rooms":
		var rooms *hipchat.Rooms
		rooms, response, err = client.Room.List(&hipchat.RoomsListOptions{})
		if err == nil {
			names := []string{}
			for _, room := range rooms.Items {
				names = append(names, room.Name)
			}
			value = names
		}
	default:
		panic("no call " + name)
	}
	return value, response, err
}

func read(text []byte, into any) {
	if err := json.Unmarshal(text, into); err != nil {
		panic(err)
	}
}
