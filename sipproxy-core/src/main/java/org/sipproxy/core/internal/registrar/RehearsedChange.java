package org.sipproxy.core.internal.registrar;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.sipproxy.api.location.Binding;
import org.sipproxy.message.SipUri;

/** The change that a REGISTER would make to the bindings of its AOR, applied to a copy of them and described. */
final class RehearsedChange {

    private RehearsedChange() {}

    /** Returns the bindings after the change, and notes what it adds, refreshes and removes. */
    static List<Binding> apply(
            RegistrationChange change, List<Binding> current, long nowMillis, BiConsumer<String, String> notes) {
        List<Binding> before = List.copyOf(current);
        List<Binding> after = change.apply(before);
        List<Binding> written = change.written();
        for (int i = 0; i < written.size(); i++) {
            notes.accept(change.isNew(i) ? "adds" : "refreshes", describe(written.get(i), nowMillis));
        }
        List<Binding> removed = new ArrayList<>(before);
        after.forEach(left ->
                removed.removeIf(binding -> binding == left || binding.id().equals(left.id())));
        for (Binding binding : removed) {
            notes.accept("removes", describe(binding, nowMillis) + ", " + change.reasonOf(binding));
        }
        if (written.isEmpty() && removed.isEmpty()) {
            notes.accept("bindings", "unchanged");
        }
        return after;
    }

    private static String describe(Binding binding, long nowMillis) {
        StringBuilder text = new StringBuilder()
                .append(binding.contact())
                .append(", expires ")
                .append(binding.remainingSeconds(nowMillis))
                .append(" s");
        binding.received().ifPresent(received -> text.append(", received ").append(received));
        if (!binding.path().isEmpty()) {
            text.append(", path ")
                    .append(binding.path().stream().map(SipUri::toString).collect(Collectors.joining(", ")));
        }
        return text.toString();
    }
}
