// Copyright 2026 The Larder Authors. SPDX-License-Identifier: Apache-2.0
//
// larder-server's command line.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "larder/cache.h"
#include "larder/endpoint.h"

namespace larder::endpoint {

struct ServerOptions {
  Options cache = {};
  EndpointOptions endpoint = {};
  bool help = false;
  bool version = false;
};

// Reads it. What is wrong with it, in words; empty: nothing.
std::string read_command_line(std::span<const std::string_view> words, ServerOptions* options);
std::string help_text();
std::string version_text();

}  // namespace larder::endpoint
