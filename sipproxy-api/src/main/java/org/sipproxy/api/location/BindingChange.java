package org.sipproxy.api.location;

import java.util.List;

/**
 * A function from an AOR's current bindings to its new ones. It may run more than once for one update, for example when
 * a database retries a transaction, so it must not have side effects. It must not block.
 */
public interface BindingChange {

    /**
     * Returns the bindings that the AOR is to have. Return {@code current} itself if nothing changes: nothing is
     * written then.
     *
     * @param current the unexpired bindings, in the order in which they were added; unmodifiable
     */
    List<Binding> apply(List<Binding> current);

    /**
     * Returns why {@link #apply} left a binding out. Default {@link RemovalReason#ADMIN}: the host application removed
     * it.
     */
    default RemovalReason reasonOf(Binding removed) {
        return RemovalReason.ADMIN;
    }
}
