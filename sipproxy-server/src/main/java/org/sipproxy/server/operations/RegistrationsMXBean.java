package org.sipproxy.server.operations;

import java.util.List;
import java.util.Map;

/** MXBean {@code org.sipproxy:type=Registrations}. See {@link Registrations}. */
public interface RegistrationsMXBean {

    /** Returns the number of addresses-of-record with bindings. */
    long getUsers();

    /** Returns the number of bindings. */
    long getBindings();

    /** Returns the bindings of a user; of all users if it is empty. */
    List<Map<String, String>> show(String user);

    /** Removes the contact of a user; all contacts if it is empty. Returns how many were removed. */
    int remove(String user, String contact);
}
