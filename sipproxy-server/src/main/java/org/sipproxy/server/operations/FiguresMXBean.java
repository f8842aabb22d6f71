package org.sipproxy.server.operations;

import java.util.Map;

/** MXBean {@code org.sipproxy:type=Figures}. See {@link Figures}. */
public interface FiguresMXBean {

    /** Returns all figures by name. */
    Map<String, Long> getFigures();
}
