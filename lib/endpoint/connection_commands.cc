// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
// Commands about the connection itself, but for CLIENT (client_commands.cc).
#include <optional>
#include <string>

#include "commands/numbers.h"
#include "endpoint/arguments.h"
#include "endpoint/client_names.h"
#include "endpoint/service.h"

namespace larder::endpoint {
namespace {

void ping(Call& call) {
  if (call.size() > 2) return reply_arity_error(call);
  call.size() == 2 ? call.reply.bulk(call[1]) : call.reply.status("PONG");
}

void echo(Call& call) { call.reply.bulk(call[1]); }

void quit(Call& call) {
  call.session->end = Session::End::kAfterReply;
  call.reply.ok();
}

void select(Call& call) {
  if (read_database(call, call[1])) call.reply.ok();
}

// --- AUTH, HELLO, RESET ---------------------------------------------------------------------------------------------

// False: the client has been told.
bool authenticate(Call& call, std::string_view user, std::string_view password) {
  const bool right = call.service->options().password.empty() || call.service->password_is(password);
  if (user == "default" && right) return call.session->authenticated = true;
  call.reply.error("WRONGPASS invalid username-password pair or user is disabled.");
  return false;
}

void auth(Call& call) {
  if (call.size() > 3) return reply_syntax_error(call);
  if (call.size() == 2 && call.service->options().password.empty()) {
    return call.reply.error(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
        "configuration is correct?");
  }
  const bool with_user = call.size() == 3;
  if (authenticate(call, with_user ? call[1] : "default", call[with_user ? 2 : 1])) call.reply.ok();
}

struct Hello {
  std::optional<int> protocol = {};
  std::optional<std::string> user = {};
  std::string password = {};
  std::optional<std::string> name = {};
};

// False: the client has been told.
bool read_hello(Call& call, Hello* hello) {
  if (call.size() > 1) {
    std::int64_t protocol = 0;
    if (!read_integer(call, call[1], &protocol, "ERR Protocol version is not an integer or out of range")) return false;
    if (protocol != 2 && protocol != 3) {
      call.reply.error("NOPROTO unsupported protocol version");
      return false;
    }
    hello->protocol = static_cast<int>(protocol);
  }
  for (std::size_t i = 2; i < call.size(); ++i) {
    if (is_word(call[i], "auth") && i + 2 < call.size()) {
      hello->user = call[i + 1];
      hello->password = call[i + 2];
      i += 2;
    } else if (is_word(call[i], "setname") && i + 1 < call.size()) {
      hello->name = call[++i];
      if (is_client_name(*hello->name)) continue;
      call.reply.error(kBadClientNameText);
      return false;
    } else {
      call.reply.error("ERR Syntax error in HELLO option '" + std::string(call[i].substr(0, 128)) + "'");
      return false;
    }
  }
  return true;
}

void reply_hello(Call& call) {
  // In the protocol that was asked for with it.
  ReplyWriter reply(call.reply.output(), call.session->protocol);
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk("7.0.15");
  reply.bulk("proto");
  reply.integer(std::int64_t{call.session->protocol});
  reply.bulk("id");
  reply.integer(call.session->id);
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
  call.reply.answered_elsewhere();
}

void hello(Call& call) {
  Hello hello;
  if (!read_hello(call, &hello)) return;
  if (hello.user && !authenticate(call, *hello.user, hello.password)) return;
  if (!call.session->authenticated) {
    return call.reply.error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
        "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time");
  }
  if (hello.name) call.session->name = *hello.name;
  if (hello.protocol) call.session->protocol = *hello.protocol;
  reply_hello(call);
}

void reset(Call& call) {
  Session& session = *call.session;
  session.protocol = 2;
  session.name.clear();
  session.replies = Session::Replies::kOn;
  session.protected_from_eviction = false;
  session.leave_transaction();
  session.authenticated = call.service->options().password.empty();
  call.reply.status("RESET");
}

constexpr Group kConnection = Group::kConnection;
constexpr std::uint32_t kBeforeAuth = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy;
constexpr Command kCommands[] = {
    {"auth", -2, kBeforeAuth, {}, kConnection, "1.0.0", "[username] password", "Says the password", auth},
    {"echo", 2, kLoading | kStale | kFast, {}, kConnection, "1.0.0", "message", "Answers the message", echo},
    {"hello",
     -1,
     kBeforeAuth | kNoMulti,
     {},
     kConnection,
     "6.0.0",
     "[2 | 3 [AUTH username password] [SETNAME clientname]]",
     "Chooses the protocol",
     hello},
    {"ping", -1, kFast, {}, kConnection, "1.0.0", "[message]", "Answers PONG, or the message", ping},
    {"quit", -1, kBeforeAuth | kNotQueued, {}, kConnection, "1.0.0", "", "Closes the connection", quit},
    {"reset",
     1,
     kBeforeAuth | kNotQueued,
     {},
     kConnection,
     "6.2.0",
     "",
     "Makes the connection as it was when it began",
     reset},
    {"select", 2, kLoading | kStale | kFast, {}, kConnection, "1.0.0", "0", "Chooses the only database", select},
};

}  // namespace

std::span<const Command> connection_commands() { return kCommands; }

}  // namespace larder::endpoint
