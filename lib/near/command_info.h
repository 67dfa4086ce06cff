// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// What the server says of its commands (COMMAND INFO): modules and other versions have commands that we do not know.
//
// Thread safety: all of it.
#pragma once

#include <tsl/robin_map.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "near/socket.h"

namespace larder::near {

struct CommandInfo {
  enum class Kind : std::uint8_t {
    kOther,    // its keys are written, or what it answers is not always the same
    kRead,     // it answers the same as long as its key does not change
    kRefused,  // it would wait, or change the connection
    kUnknown,  // the server has no such command
  };
  Kind kind = Kind::kUnknown;
  bool keys_move = false;  // their places are not the same for all arguments
  int first_key = 0;       // 0: none
  int last_key = 0;        // negative: from the end
  int key_step = 0;
};

// Of one element of what COMMAND INFO answers.
CommandInfo command_info_of(std::string_view name, const redisReply& reply);

class CommandInfos {
 public:
  // Null: not known yet. `name` in lower case.
  const CommandInfo* find(std::string_view name) const;
  void add(std::string_view name, const CommandInfo& info);

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  mutable base::LeafMutex mutex_;
  tsl::robin_map<std::string, std::unique_ptr<const CommandInfo>, Hash, std::equal_to<>> infos_ GUARDED_BY(mutex_);
};

}  // namespace larder::near
