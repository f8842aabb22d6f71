package org.sipproxy.server.operations;

import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sipproxy.server.control.ControlException;
import org.sipproxy.server.control.ControlMethods;
import org.sipproxy.server.control.ControlParams;

/** {@link ServerOperations} as methods of the control channel. */
final class RpcMethods {

    private static final int ALL = Integer.MAX_VALUE;
    private static final int MAX_INTERVAL_MILLIS = 3_600_000;

    /** Code of a method. */
    private interface Operation {
        @Nullable
        Object run(ControlParams params);
    }

    private RpcMethods() {}

    static void register(ServerOperations server, ControlMethods methods) {
        add(methods, "status", params -> {
            params.only();
            return server.status();
        });
        add(methods, "ul.show", params -> {
            params.only("user", "limit");
            return server.registrations()
                    .show(params.optionalText("user").orElse(""), params.integer("limit", ALL, 1, ALL));
        });
        add(methods, "ul.rm", params -> {
            params.only("user", "contact");
            return Map.of(
                    "removed",
                    server.registrations()
                            .remove(
                                    params.text("user"),
                                    params.optionalText("contact").orElse("")));
        });
        add(methods, "calls.list", params -> {
            params.only();
            return server.calls().list();
        });
        add(methods, "calls.end", params -> {
            params.only("id");
            return Map.of("ended", server.calls().end(params.text("id")));
        });
        add(methods, "stats", params -> {
            params.only("pattern");
            return server.figures().list(params.optionalText("pattern").orElse(""));
        });
        add(methods, "monitor", params -> {
            params.only("intervalMillis");
            return new FigureStream(server, params.integer("intervalMillis", 1_000, 100, MAX_INTERVAL_MILLIS));
        });
        add(methods, "explain", params -> {
            params.only("text", "method", "uri", "from", "source", "transport", "as");
            return server.explanations()
                    .explain(new Explanations.Question(
                            params.optionalText("text").orElse(""),
                            params.optionalText("method").orElse(""),
                            params.optionalText("uri").orElse(""),
                            params.optionalText("from").orElse(""),
                            params.optionalText("source").orElse(""),
                            params.optionalText("transport").orElse(""),
                            params.optionalText("as").orElse("")));
        });
        registerGateways(server.gateways(), methods);
        registerAccess(server.access(), methods);
        add(methods, "log", params -> {
            params.only("level", "logger");
            return server.logLevels()
                    .set(params.text("level"), params.optionalText("logger").orElse(""));
        });
        add(methods, "drain", params -> {
            params.only();
            server.drain();
            return server.status();
        });
        add(methods, "stop", params -> {
            params.only();
            ServerStatus last = server.status();
            server.stop();
            return last;
        });
    }

    private static void registerGateways(Gateways gateways, ControlMethods methods) {
        add(methods, "gateways.list", params -> {
            params.only();
            return gateways.list();
        });
        for (Gateways.Change change : Gateways.Change.values()) {
            add(methods, "gateways." + change.name().toLowerCase(Locale.ROOT), params -> {
                params.only("set", "id");
                gateways.change(change, params.text("set"), params.text("id"));
                return gateways.list();
            });
        }
    }

    private static void registerAccess(AccessControl access, ControlMethods methods) {
        add(methods, "access.list", params -> {
            params.only();
            return access.rules();
        });
        add(methods, "access.test", params -> {
            params.only("address");
            return access.test(params.text("address"));
        });
        add(methods, "refusals", params -> {
            params.only("source", "limit");
            return access.refusals(params.optionalText("source").orElse(""), params.integer("limit", ALL, 1, ALL));
        });
        add(methods, "lockouts.list", params -> {
            params.only();
            return access.lockouts();
        });
        add(methods, "lockouts.clear", params -> {
            params.only("who");
            return Map.of("cleared", access.clear(params.optionalText("who").orElse("")));
        });
    }

    private static void add(ControlMethods methods, String name, Operation operation) {
        methods.register(name, params -> {
            try {
                return operation.run(params);
            } catch (OperationException e) {
                throw new ControlException(kindOf(e), String.valueOf(e.getMessage()), "");
            }
        });
    }

    private static ControlException.Kind kindOf(OperationException e) {
        return switch (e.kind()) {
            case INVALID -> ControlException.Kind.INVALID_PARAMS;
            case NOT_FOUND -> ControlException.Kind.NOT_FOUND;
            case NOT_CONFIGURED -> ControlException.Kind.NOT_CONFIGURED;
            case FAILED -> ControlException.Kind.FAILED;
        };
    }
}
