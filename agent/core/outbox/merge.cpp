// A merged action has no `merge` any more: that is how it is known after a restart.
#include "agent/core/outbox/merge.hpp"

#include "platform/json/json.hpp"

namespace sundial::outbox {
namespace {

bool same(const Map& left, const Map& right, std::string_view key) {
  const Value* a = left.find(key);
  const Value* b = right.find(key);
  return a != nullptr && b != nullptr && *a == *b;
}

}  // namespace

bool merges(const model::OutboxRecord& record) {
  const Value* merge = record.action.find("merge");
  return record.kind == model::ActionKind::signal && merge != nullptr && merge->text() != nullptr &&
         *merge->text() == "list";
}

bool merge_together(const model::OutboxRecord& left, const model::OutboxRecord& right) {
  return merges(left) && merges(right) && same(left.action, right.action, "id") &&
         same(left.action, right.action, "name");
}

Value merge_element(const Map& action) {
  const Value* arguments = action.find("args");
  const List* list = arguments == nullptr ? nullptr : arguments->get_if<List>();
  if (list == nullptr) return arguments == nullptr ? Value(List{}) : *arguments;
  return list->size() == 1 ? list->front() : Value(*list);
}

std::size_t merge_size(const Map& action) {
  return json::write(merge_element(action)).size() + 1;
}

Map merge_actions(const std::vector<const Map*>& actions) {
  List elements;
  elements.reserve(actions.size());
  for (const Map* action : actions) elements.push_back(merge_element(*action));
  Map merged = *actions.front();
  merged.erase("merge");
  merged.set("args", List{Value(std::move(elements))});
  return merged;
}

}  // namespace sundial::outbox
