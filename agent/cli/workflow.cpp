// `sundial workflow …`: the verbs and their flags, named as Temporal's own command line names them.
#include "agent/cli/workflow.hpp"

#include <functional>
#include <ostream>

#include <CLI/CLI.hpp>

#include "agent/cli/configuration.hpp"
#include "agent/cli/verbs.hpp"
#include "agent/config/address.hpp"
#include "platform/base/text.hpp"

namespace sundial::cli {
namespace {

using Options = std::shared_ptr<WorkflowOptions>;

void add_where(CLI::App& verb, const Options& options) {
  add_config_flags(verb, options->run);
  add_temporal_flags(verb, *options);
  add_output_flags(verb, options->output);
  verb.add_flag("--verbose", options->verbose, "Shows each request and its answer on standard error");
}

// Not for what waits: the outbox has no answer but that something was sent.
void add_durable(CLI::App& verb, const Options& options) {
  verb.add_flag("--durable", options->durable,
                "Sends it by the running agent's outbox, which repeats it until it arrives");
  verb.add_option("--server", options->server,
                  "The agent, for --durable; else SUNDIAL_LISTEN or the configuration's");
  verb.add_option("--token-file", options->token_file, "Its token, for --durable")->type_name("FILE");
}

void add_id(CLI::App& verb, const Options& options, bool required) {
  CLI::Option* id = verb.add_option("-w,--workflow-id", options->workflow_id, "The workflow's id");
  if (!required) return;
  id->required()->check([](const std::string& text) {
    return text.empty() ? std::string("the workflow's id is empty") : std::string();
  });
}

void add_run(CLI::App& verb, const Options& options) {
  verb.add_option("-r,--run-id", options->run_id, "One run of it; left out: the present one");
}

// Each takes one value, so that a value may begin with a bracket or a dash.
void add_each(CLI::App& verb, const std::string& name, std::vector<std::string>& values,
              const std::string& help) {
  verb.add_option(name, values, help)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

void add_input(CLI::App& verb, const Options& options) {
  add_each(verb, "-i,--input", options->inputs, "An argument as JSON; again for each further one");
  add_each(verb, "--input-file", options->input_files, "A file that holds an argument as JSON");
}

void add_start(CLI::App& verb, const Options& options) {
  verb.add_option("--type", options->type, "The workflow's type")->required();
  verb.add_option("-t,--task-queue", options->task_queue, "Its task queue; left out: the configuration's");
  add_id(verb, options, false);
  add_input(verb, options);
  verb.add_option("--id-reuse-policy", options->reuse,
                  "AllowDuplicate, AllowDuplicateFailedOnly, RejectDuplicate");
  verb.add_option("--id-conflict-policy", options->conflict, "Fail, UseExisting, TerminateExisting");
  verb.add_option("--execution-timeout", options->execution_timeout, "Of the workflow with all its runs");
  verb.add_option("--run-timeout", options->run_timeout, "Of a single run");
  verb.add_option("--start-delay", options->start_delay, "Before its first task");
  add_each(verb, "--memo", options->memo, "KEY=JSON; again for each");
  add_each(verb, "--search-attribute", options->search_attributes, "KEY=JSON; again for each");
  add_each(verb, "--headers", options->headers, "KEY=JSON; again for each");
}

// The flags stand above the environment, and go the same way.
void overlay(config::Environment& environment, const WorkflowOptions& options) {
  const auto set = [&environment](const std::string& name, const std::string& value) {
    if (!value.empty()) environment[name] = value;
  };
  // A bare host and port is gRPC's, also here: it never stands above an address of the HTTP API. One that can
  // be no server's is refused, so that nothing is done on another server than was named.
  const bool url = options.address.find("://") != std::string::npos ||
                   (!options.address.empty() && !config::temporal_address(options.address, options.tls));
  set(url ? "TEMPORAL_HTTP_ADDRESS" : "TEMPORAL_ADDRESS", options.address);
  set("TEMPORAL_NAMESPACE", options.name_space);
  set("TEMPORAL_API_KEY", options.api_key);
  set("TEMPORAL_TLS", options.tls ? "true" : "");
  set("TEMPORAL_TLS_CLIENT_CERT_PATH", options.tls_cert);
  set("TEMPORAL_TLS_CLIENT_KEY_PATH", options.tls_key);
  set("TEMPORAL_TLS_SERVER_CA_CERT_PATH", options.tls_ca);
  set("TEMPORAL_TLS_SERVER_NAME", options.tls_server_name);
  set("TEMPORAL_TLS_DISABLE_HOST_VERIFICATION", options.tls_unverified ? "true" : "");
}

// What no request can be made of is a mistake of who typed it.
std::string problem_of_id(const WorkflowOptions& options) {
  const std::string& id = options.workflow_id;
  if (id.find('/') != std::string::npos)
    return "a workflow id with a slash can't be addressed over Temporal's HTTP API";
  if (id.size() > 1000) return "a workflow id has at most 1000 bytes";
  if (!is_utf8(id)) return "a workflow id is UTF-8";
  return "";
}

int run_verb(World& world, WorkflowOptions options) {
  if (const std::string problem = problem_of_id(options); !problem.empty()) {
    world.err << "--workflow-id: " << problem << '\n';
    return kExitUsage;
  }
  if (options.durable) return send_durably(world, options);
  const auto loaded = load_for_temporal(world, options);
  if (!loaded) return kExitConfiguration;
  for (const std::string& note : loaded->notes) world.err << "note: " << note << '\n';
  if (!world.open_temporal) {
    world.err << "this program has no way to Temporal\n";
    return kExitUnreachable;
  }
  World::Show show;
  if (options.verbose) show = [&world](const std::string& line) { world.err << line << '\n'; };
  auto service = world.open_temporal(loaded->configuration, show);
  if (!service) {
    world.err << service.error().message() << '\n';
    return kExitConfiguration;
  }
  return run_workflow_verb(world, options, **service);
}

using AddFlags = std::function<void(CLI::App&, const Options&)>;

void add_one(CLI::App& parent, World& world, Chosen& chosen, const std::string& name, const std::string& help,
             const AddFlags& add_flags) {
  const Options options = std::make_shared<WorkflowOptions>();
  options->verb = name;
  CLI::App* verb = parent.add_subcommand(name, help);
  add_where(*verb, options);
  add_flags(*verb, options);
  verb->callback(
      [&world, &chosen, options] { chosen = [&world, options] { return run_verb(world, *options); }; });
}

void add_start_verbs(CLI::App& parent, World& world, Chosen& chosen) {
  add_one(parent, world, chosen, "start", "Start a workflow", [](CLI::App& verb, const Options& options) {
    add_start(verb, options);
    add_durable(verb, options);
  });
  add_one(parent, world, chosen, "execute", "Start a workflow, wait for it and print its result", add_start);
  add_one(parent, world, chosen, "signal-with-start", "Signal a workflow, and start it where it does not run",
          [](CLI::App& verb, const Options& options) {
            add_start(verb, options);
            add_durable(verb, options);
            verb.add_option("--signal-name", options->signal_name, "The signal's name")->required();
            add_each(verb, "--signal-input", options->signal_inputs, "An argument of the signal as JSON");
          });
}

void add_message_verbs(CLI::App& parent, World& world, Chosen& chosen) {
  const auto named = [](CLI::App& verb, const Options& options) {
    add_id(verb, options, true);
    add_run(verb, options);
    add_input(verb, options);
  };
  add_one(parent, world, chosen, "signal", "Signal a workflow",
          [named](CLI::App& verb, const Options& options) {
            named(verb, options);
            add_durable(verb, options);
            verb.add_option("--name,--type", options->name, "The signal's name")->required();
          });
  add_one(parent, world, chosen, "query", "Ask a workflow", [named](CLI::App& verb, const Options& options) {
    named(verb, options);
    verb.add_option("--name,--type", options->name, "The query's name")->required();
  });
  add_one(parent, world, chosen, "update", "Update a workflow and print the outcome",
          [named](CLI::App& verb, const Options& options) {
            named(verb, options);
            verb.add_option("--name,--type", options->name, "The update's name")->required();
            verb.add_option("--update-id", options->update_id,
                            "Makes a repeat harmless; left out: a new one");
          });
  const auto stop = [](CLI::App& verb, const Options& options) {
    add_id(verb, options, true);
    add_run(verb, options);
    add_durable(verb, options);
    verb.add_option("--reason", options->reason, "Why, for those who read its history");
  };
  add_one(parent, world, chosen, "cancel", "Ask a workflow to end", stop);
  add_one(parent, world, chosen, "terminate", "End a workflow at once", stop);
}

void add_reading_verbs(CLI::App& parent, World& world, Chosen& chosen) {
  const auto one = [](CLI::App& verb, const Options& options) {
    add_id(verb, options, true);
    add_run(verb, options);
  };
  add_one(parent, world, chosen, "describe", "Show a workflow's state", one);
  add_one(parent, world, chosen, "show", "Show a workflow's history", one);
  add_one(parent, world, chosen, "result", "Wait for a workflow's end and print its result", one);
  add_one(parent, world, chosen, "list", "List workflows", [](CLI::App& verb, const Options& options) {
    verb.add_option("-q,--query", options->query, "As in Temporal's list filters");
    verb.add_option("--limit", options->limit, "At most so many")->check(CLI::Range(1, 1'000'000));
  });
  add_one(parent, world, chosen, "count", "Count workflows", [](CLI::App& verb, const Options& options) {
    verb.add_option("-q,--query", options->query, "As in Temporal's list filters");
  });
}

}  // namespace

void add_temporal_flags(CLI::App& verb, WorkflowOptions& options) {
  verb.add_option("--address", options.address, "Temporal's HTTP API, http://HOST:7243");
  verb.add_option("-n,--namespace", options.name_space, "The namespace");
  verb.add_option("--api-key", options.api_key, "The API key; better in TEMPORAL_API_KEY");
  verb.add_flag("--tls", options.tls, "Connect with TLS");
  verb.add_option("--tls-cert-path", options.tls_cert, "Our certificate");
  verb.add_option("--tls-key-path", options.tls_key, "Its key");
  verb.add_option("--tls-ca-path", options.tls_ca, "The server's certificate authority");
  verb.add_option("--tls-server-name", options.tls_server_name,
                  "The name that the server's certificate holds");
  verb.add_flag("--tls-disable-host-verification", options.tls_unverified, "Do not look at the certificate");
}

std::optional<config::Loaded> load_for_temporal(World& world, WorkflowOptions& options) {
  overlay(world.environment, options);
  return load_configuration(world, options.run, Purpose::agent);
}

void add_workflow(CLI::App& app, World& world, Chosen& chosen) {
  CLI::App* parent = app.add_subcommand("workflow", "Speak to Temporal about workflows");
  parent->require_subcommand(1);
  add_start_verbs(*parent, world, chosen);
  add_message_verbs(*parent, world, chosen);
  add_reading_verbs(*parent, world, chosen);
}

}  // namespace sundial::cli
