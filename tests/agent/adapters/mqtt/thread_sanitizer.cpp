// What the thread sanitizer can't see of Debian's Paho, which is not built for it, and nothing else.
//
// A token and its message belong to shared pointers of our thread and of Paho's. Where libpaho-mqttpp3 drops
// its own one, the count goes down atomically but unseen; so each end of such an object looks as if nothing
// kept it from the use before, whichever side comes last:
//   - Paho's thread ends it, in one of the functions of Paho below, all of which hold the last reference
//   then;
//   - ours ends it, when a call that waited for the token returns; the read before is Paho's own notify_all()
//   in
//     token::on_success(), before which the client's list of tokens holds one reference and after which it
//     drops it.
// `connect` must not stand here: it creates Paho's threads, and a line about it would hide all that they do.
#if defined(__SANITIZE_THREAD__)
extern "C" const char*
__tsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier): the sanitizer's own

extern "C" const char* __tsan_default_suppressions() {
  return "race:mqtt::async_client::remove_token\n"
         "race:mqtt::delivery_token::~delivery_token\n"
         "race:mqtt::token::~token\n"
         "race:sundial::adapters::Connection::disconnect\n"
         "race:sundial::adapters::Connection::subscribe\n"
         "race:sundial::adapters::Connection::unsubscribe\n";
}
#endif
