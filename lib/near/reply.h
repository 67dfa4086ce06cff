// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Answers of the server: as its callers get them, as bytes to be kept, and its errors as ours.
#pragma once

#include <string>
#include <string_view>

#include "larder/near_cache.h"
#include "near/socket.h"

namespace larder::near {

RemoteReply reply_of(const redisReply& reply);
// Appends a form of it that reply_from reads.
void append_bytes(const redisReply& reply, std::string& bytes);
RemoteReply reply_from(std::string_view bytes);
Status status_of_error(std::string_view text);

}  // namespace larder::near
