package org.sipproxy.server.web;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.sipproxy.server.flow.LiveRecording;
import org.sipproxy.server.flow.TraceFilter;
import org.sipproxy.server.json.Json;
import org.sipproxy.server.operations.ActiveCalls.CallInfo;
import org.sipproxy.server.operations.OperationException;
import org.sipproxy.server.operations.Registrations;
import org.sipproxy.server.operations.ServerOperations;

/**
 * Data of the page as JSON, below {@link #ROOT}: what the commands of the control channel show, with their names. Lists
 * are limited to {@link #MOST} rows. Nothing can be changed.
 */
final class ApiRoutes {

    /** Begin of the paths. */
    static final String ROOT = "/api/";

    private static final int MOST = 200;
    private static final int MOST_FILTERS = 16;

    /**
     * Calls, the oldest first.
     *
     * @param total number of calls, also of those that are not listed
     */
    private record Calls(int total, List<CallInfo> calls) {}

    private record Failure(String error) {}

    private final ServerOperations server;
    private final LiveRecording recording;
    private final PacedValue<Calls> calls;
    /** By the text that is searched. */
    private final Map<String, PacedValue<Registrations.Shown>> registrations =
            Collections.synchronizedMap(new LinkedHashMap<>() {
                private static final long serialVersionUID = 1;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, PacedValue<Registrations.Shown>> eldest) {
                    return size() > MOST_FILTERS;
                }
            });

    private ApiRoutes(ServerOperations server, LiveRecording recording) {
        this.server = server;
        this.recording = recording;
        this.calls = new PacedValue<>(this::currentCalls);
    }

    static void addTo(WebRoutes routes, ServerOperations server, LiveRecording recording, Softphone softphone) {
        ApiRoutes api = new ApiRoutes(server, recording);
        add(routes, ROOT + "status", request -> server.status());
        add(routes, ROOT + "softphone", request -> softphone);
        add(routes, ROOT + "registrations", api::registrations);
        add(routes, ROOT + "calls", request -> api.calls.get());
        add(routes, ROOT + "gateways", request -> server.gateways().list());
        add(routes, ROOT + "messages", api::messages);
    }

    private Calls currentCalls() {
        List<CallInfo> all = server.calls().list();
        return new Calls(all.size(), all.size() > MOST ? List.copyOf(all.subList(0, MOST)) : all);
    }

    private Registrations.Shown registrations(WebRequest request) {
        String part = request.parameter("filter").orElse("");
        return registrations
                .computeIfAbsent(
                        part,
                        key -> new PacedValue<>(() -> server.registrations().search(key, MOST)))
                .get();
    }

    private LiveRecording.Messages messages(WebRequest request) {
        TraceFilter filter = new TraceFilter(request.parameter("user"), Optional.empty(), Optional.empty(), false);
        return recording.poll(
                request.parameter("viewer").orElse(""),
                request.parameter("recording").orElse(""),
                request.number("after"),
                filter);
    }

    private static void add(WebRoutes routes, String path, Function<WebRequest, Object> source) {
        routes.add(path, request -> {
            try {
                return WebResponse.json(200, Json.of(source.apply(request)));
            } catch (WebRequest.BadRequestException e) {
                return failure(400, e);
            } catch (LiveRecording.BusyException e) {
                return failure(503, e);
            } catch (OperationException e) {
                return failure(e.kind() == OperationException.Kind.FAILED ? 503 : 404, e);
            }
        });
    }

    private static WebResponse failure(int status, RuntimeException e) {
        return WebResponse.json(status, Json.of(new Failure(String.valueOf(e.getMessage()))));
    }
}
