package org.sipproxy.server.operations;

import java.util.List;
import java.util.Map;

/** MXBean {@code org.sipproxy:type=Calls}. See {@link ActiveCalls}. */
public interface CallsMXBean {

    /** Returns the calls. */
    List<Map<String, String>> getCalls();

    /** Ends the call with a Call-ID, or {@code all}. Returns how many were ended. */
    int end(String id);
}
