package org.sipproxy.core.options;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.Method;

/**
 * Methods that strangers may send to users of this proxy outside a dialog. A stranger is a sender that is neither
 * authenticated nor a trusted peer. Other methods are refused with 403.
 *
 * <p>The policy applies to requests that start something. An in-dialog request passes with any method if this proxy
 * record-routed the dialog, because its Route carries the proxy's signature. A stranger's request with a To tag but
 * without that signature is refused with 481, whatever the policy. The policy does not apply to ACK and CANCEL, which
 * belong to their INVITE, or to REGISTER, which belongs to the registrar. A proxy without authentication does not have
 * strangers.
 *
 * <p>Immutable.
 */
public final class StrangerPolicy {

    /**
     * INVITE, OPTIONS and MESSAGE: calling a user, asking whether the user can be called, and sending a text instead.
     * Not REFER, NOTIFY, SUBSCRIBE, INFO, PRACK, UPDATE, PUBLISH or an unknown method, because they can make phones
     * dial, restart, reveal their state or show false messages.
     */
    public static final StrangerPolicy DEFAULT = allowing(Method.INVITE, Method.OPTIONS, Method.MESSAGE);

    /** Every method. */
    public static final StrangerPolicy ANY = new StrangerPolicy(null);

    /** Null if every method is allowed. */
    private final @Nullable Set<Method> methods;

    private StrangerPolicy(@Nullable Set<Method> methods) {
        this.methods = methods;
    }

    /** Returns a policy that allows these methods only. Without arguments it allows none. */
    public static StrangerPolicy allowing(Method... methods) {
        Set<Method> set = new LinkedHashSet<>(Arrays.asList(methods));
        set.forEach(method -> Objects.requireNonNull(method, "method"));
        return new StrangerPolicy(set);
    }

    /** Returns true if a stranger may send a request with this method to a user. */
    public boolean allows(Method method) {
        Set<Method> some = methods;
        return some == null || some.contains(method);
    }

    /** Returns the methods, such as {@code INVITE, OPTIONS}, or {@code all} or {@code none}. */
    @Override
    public String toString() {
        Set<Method> some = methods;
        if (some == null) {
            return "all";
        }
        return some.isEmpty() ? "none" : some.stream().map(Method::name).collect(Collectors.joining(", "));
    }
}
