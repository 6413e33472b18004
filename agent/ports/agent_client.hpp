// The running agent as the command line speaks to it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "platform/base/result.hpp"

namespace sundial {

struct AgentAddress {
  std::string url;  // "http://127.0.0.1:8000"
  std::string token;
  std::string ca;  // PEM file that the agent's certificate is checked against; empty: the system's
};

struct AgentReply {
  int status = 0;
  std::string body;
};

class AgentClient {
 public:
  virtual ~AgentClient() = default;
  // `target` is a path with its query, percent-encoded. unavailable: the agent can't be reached.
  virtual Result<AgentReply> call(const std::string& method, const std::string& target,
                                  const std::string& body) = 0;
  // Server-sent events: the data of each, until `heard` gives false or the agent ends the stream.
  virtual Result<AgentReply> follow(const std::string& target,
                                    const std::function<bool(std::string_view data)>& heard) = 0;
};

}  // namespace sundial
