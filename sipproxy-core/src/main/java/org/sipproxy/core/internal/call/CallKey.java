package org.sipproxy.core.internal.call;

/** Identity of a call: its Call-ID and the tag of its caller. The callee's tag is not known at the start. */
record CallKey(String callId, String callerTag) {}
