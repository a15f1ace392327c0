"""Everything that goes wrong between a client and a model server, on purpose. A step with `fail` names one row of
FAILURES; `after` says after how many chunks of the reply it strikes (absent: instead of the answer).

  reset        connection reset (RST), before the head or mid-stream
  cut          connection closed without the end of the chunked body
  end          body ended properly, but without finish_reason and [DONE]
  hang         nothing more until the client leaves: before the head, or `after` 0.. chunks (0 = after the head)
  slow         the reply at `rate` bytes a second (default 1)
  status       HTTP `status` with the body LM Studio sends with it; `headers`, `body` and `message` replace parts
  html         an HTML page with `status` (default 200)
  event-error  200 + `event: error` frame;  data-error  the same as a plain data frame
  bad-event    an event whose JSON is broken;  not-json  200, application/json, and no JSON;  text  200 text/plain
  empty        200 and an empty body;  silent  a stream with a role, finish stop, and nothing else
  garbage      bytes that are not HTTP
"""
import json

STATUS_BODIES = {  # status -> (body, headers)
    400: ({'error': {'message': "Invalid 'messages' in payload", 'type': 'invalid_request_error'}}, {}),
    401: ({'error': {'type': 'invalid_request', 'code': 'invalid_api_key',
                     'message': 'An LM Studio API token is required to make requests to this server. Pass it in the '
                                'Authorization header as a Bearer token.'}}, {}),
    403: ({'error': {'message': 'This token has no permission to do that.', 'type': 'invalid_request'}}, {}),
    404: ({'error': {'message': 'Model "ghost" not found. Please specify a valid model.', 'param': 'model',
                     'type': 'invalid_request_error', 'code': 'model_not_found'}}, {}),
    429: ({'error': {'message': 'Too many requests, slow down.', 'type': 'rate_limit_error'}}, {'Retry-After': '1'}),
    500: ({'error': 'The model has crashed without additional information. (Exit code: 139)'}, {}),
    502: ('Bad Gateway', {}),
    503: ({'error': {'code': 503, 'message': 'Loading model', 'type': 'unavailable_error'}}, {'Retry-After': '1'}),
}
PAGE = '<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n'


def reset(x, step):
    if x.streaming:
        x.pause(0.1)  # a reset discards what the client has not read yet, and "after" promises it some chunks
    x.reset()


def cut(x, step):
    x.drop()


def end(x, step):
    x.end_stream()


def hang(x, step):
    x.pause(step.get('seconds', 3600))
    x.drop()


def status(x, step):
    code = step.get('status', 500)
    body, headers = STATUS_BODIES.get(code, ({'error': {'message': f'status {code}'}}, {}))
    body = step.get('body', body)
    if 'message' in step:
        body = {'error': {'message': step['message']}}
    text = body if isinstance(body, str) else json.dumps(body)
    kind = 'application/json; charset=utf-8' if not isinstance(body, str) else 'text/plain; charset=utf-8'
    x.answer(code, text.encode(), kind, {**headers, **step.get('headers', {})})


def html(x, step):
    code = step.get('status', 200)
    title = {200: 'Welcome', 502: '502 Bad Gateway'}.get(code, f'Error {code}')
    x.answer(code, PAGE.format(title).encode(), 'text/html; charset=utf-8', step.get('headers'))


def error_frame(x, step):
    return json.dumps({'error': {'message': step.get('message', 'The model has crashed without additional information. '
                                                                '(Exit code: 6)')}})


def event_error(x, step):
    x.begin_stream()
    x.frame(error_frame(x, step), event='error')
    x.end_stream()


def data_error(x, step):
    x.begin_stream()
    x.frame(error_frame(x, step))
    x.end_stream()


def bad_event(x, step):
    x.begin_stream()
    x.frame(step.get('body', '{"id":"chatcmpl-x","choices":[{"delta":{"content":"lo'))
    x.frame('[DONE]')
    x.end_stream()


def not_json(x, step):
    x.answer(200, step.get('body', '{"choices": [{"message": oops').encode(), 'application/json; charset=utf-8')


def text(x, step):
    x.answer(200, step.get('body', 'it works\n').encode(), 'text/plain; charset=utf-8')


def empty(x, step):
    x.answer(200, b'', 'text/event-stream')


def garbage(x, step):
    x.raw(step.get('body', '\x00\x01not http at all\r\n\r\n').encode('latin-1'))
    x.drop()


FAILURES = {'reset': reset, 'cut': cut, 'end': end, 'hang': hang, 'status': status, 'html': html,
            'event-error': event_error, 'data-error': data_error, 'bad-event': bad_event, 'not-json': not_json,
            'text': text, 'empty': empty, 'garbage': garbage}
SHAPES = {'slow', 'silent'}  # handled where the reply is sent: they change its pace or content


def known(name):
    return name in FAILURES or name in SHAPES
