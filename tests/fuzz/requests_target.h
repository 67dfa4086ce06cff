// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// Bytes as what a client of the endpoint sends.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace larder::fuzz {

// To the parser, whole and in pieces: what it finds must not depend on how the bytes come. What is wrong; empty:
// nothing.
std::string run_requests(std::span<const std::uint8_t> bytes);

// As words of commands, most of which make no sense, run on a cache: each is answered once, in a form that can be read.
std::string run_replies(std::span<const std::uint8_t> bytes);

}  // namespace larder::fuzz
