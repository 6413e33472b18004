// What the `sundial workflow` verbs share: flags as Temporal's command line has them, and what they act on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/cli/output_flags.hpp"
#include "agent/cli/verb.hpp"
#include "agent/config/load.hpp"
#include "agent/core/model/action.hpp"
#include "agent/ports/workflow_service.hpp"

namespace sundial::cli {

// Every flag of every workflow verb; each verb adds those that it takes.
struct WorkflowOptions {
  RunOptions run;
  std::string verb;
  // Where.
  std::string address, name_space, api_key;
  bool tls = false;
  std::string tls_cert, tls_key, tls_ca, tls_server_name;
  bool tls_unverified = false;
  // What.
  std::string workflow_id, run_id, type, task_queue, name, reason, query, update_id, signal_name;
  std::vector<std::string> inputs, input_files, signal_inputs;
  std::string reuse, conflict;
  std::string execution_timeout, run_timeout, start_delay;
  std::vector<std::string> memo, search_attributes, headers;
  int limit = 100;
  OutputOptions output;
  bool verbose = false;
  bool durable = false;
  std::string server, token_file;  // durable: the agent's
};

// --address, --namespace and the other flags that say where Temporal is.
void add_temporal_flags(CLI::App& verb, WorkflowOptions& options);
// The configuration with these flags above it; nothing where it has problems, which it has printed.
std::optional<config::Loaded> load_for_temporal(World& world, WorkflowOptions& options);

// A call that can't be: its text goes to standard error, and the verb ends with 64.
using Usage = Error;

// The values of --input and --input-file in the order of the flags, each JSON as it was given.
Result<List> read_inputs(World& world, const std::vector<std::string>& inputs,
                         const std::vector<std::string>& files);

// The action of start, execute, signal, signal-with-start, cancel and terminate.
Result<model::OutboxRecord> workflow_record(World& world, const WorkflowOptions& options);

// TYPE-YYYYMMDD-HHMMSS-xxxx
std::string made_workflow_id(const std::string& type, Instant now, std::string_view suffix);

// How a value is shown.
void print_value(World& world, const WorkflowOptions& options, const Value& value);
void print_items(World& world, const WorkflowOptions& options, const List& items,
                 const std::vector<std::string>& columns);
void print_fields(World& world, const WorkflowOptions& options, const Map& fields);
int complain(World& world, const Error& error);

// A failure with its causes, one a line.
std::string failure_text(const Value& failure);

// The same action by the running agent's outbox.
int send_durably(World& world, const WorkflowOptions& options);

// Runs the verb against the service.
int run_workflow_verb(World& world, const WorkflowOptions& options, WorkflowService& service);

}  // namespace sundial::cli
