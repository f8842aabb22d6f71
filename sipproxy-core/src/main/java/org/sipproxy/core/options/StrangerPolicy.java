package org.sipproxy.core.options;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.Method;

/**
 * Which methods strangers may send to users of this proxy outside a dialog. A stranger is a sender that is neither
 * authenticated nor a trusted peer. Other methods are refused with 403.
 *
 * <p>The policy is about requests that start something. Requests in a dialog that this proxy record-routed pass with any
 * method, because their Route bears its signature. A stranger's request that has a To tag and not that signature is answered
 * 481, whatever the policy. ACK and CANCEL belong to their INVITE, and REGISTER to the registrar. A proxy without
 * authentication does not have strangers.
 *
 * <p>Immutable.
 */
public final class StrangerPolicy {

    /**
     * INVITE, OPTIONS and MESSAGE: calling a user, asking whether the user can be called, and writing instead of calling. Not
     * REFER, NOTIFY, SUBSCRIBE, INFO, PRACK, UPDATE, PUBLISH or an unknown method, which make phones dial, restart, reveal their
     * state or show false messages.
     */
    public static final StrangerPolicy DEFAULT = allowing(Method.INVITE, Method.OPTIONS, Method.MESSAGE);

    /** Every method. */
    public static final StrangerPolicy ANY = new StrangerPolicy(null);

    /** Null for every method. */
    private final @Nullable Set<Method> methods;

    private StrangerPolicy(@Nullable Set<Method> methods) {
        this.methods = methods;
    }

    /** Allows these methods; none for none. */
    public static StrangerPolicy allowing(Method... methods) {
        Set<Method> set = new LinkedHashSet<>(Arrays.asList(methods));
        set.forEach(method -> Objects.requireNonNull(method, "method"));
        return new StrangerPolicy(set);
    }

    /** True if a stranger may send a request with this method to a user. */
    public boolean allows(Method method) {
        Set<Method> some = methods;
        return some == null || some.contains(method);
    }

    /** The methods, such as {@code INVITE, OPTIONS}. */
    @Override
    public String toString() {
        Set<Method> some = methods;
        if (some == null) {
            return "all";
        }
        return some.isEmpty() ? "none" : some.stream().map(Method::name).collect(Collectors.joining(", "));
    }
}
