"""Real mlx_lm.server on a CPU, with a hand-made model."""
import time

import pytest
import real
import scripted_mlx
from recorder import Recorder

MODEL = 'default_model'


@pytest.fixture(scope='session')
def mlx(tmp_path_factory):
    program = real.installed('MLX', 'mlx', 'bin', 'mlx_lm.server')
    folder = tmp_path_factory.mktemp('mlx')
    scripted_mlx.write(folder / 'model', real.CALL)
    # Without this folder its list of models is an empty body.
    (folder / 'home' / '.cache' / 'huggingface' / 'hub').mkdir(parents=True)
    port = real.free_port()
    server = real.Server(folder, [program, '--model', folder / 'model', '--host', '127.0.0.1', '--port', port], port, '/health',
                         120, {'HF_HUB_OFFLINE': '1'})
    yield server
    server.stop()


def test_it_answers(openclaw, mlx):
    real.configure(openclaw, mlx, 'mlx', MODEL)
    real.assert_answers(openclaw, 'mlx', MODEL)


def test_a_call_is_executed_and_the_run_ends(openclaw, mlx):
    recorder = Recorder(mlx.port)
    real.configure(openclaw, recorder, 'mlx', MODEL)
    real.assert_tool_round(openclaw, recorder)
    recorder.close()


def test_it_has_no_limit_of_its_own_so_the_plan_keeps_ours(openclaw, mlx):
    recorder = Recorder(mlx.port)
    real.configure(openclaw, recorder, 'mlx', MODEL, context=20000)
    r = openclaw.run('agent', '--local', '-m', 'x ' * 60000, timeout=90)
    assert r.rc == 1 and not recorder.bodies or len(str(recorder.bodies[0])) < 80000, r
    recorder.close()


def test_a_refusal_is_told(openclaw, mlx):
    real.configure(openclaw, mlx, 'mlx', 'no/such-model')
    r = real.infer(openclaw)
    assert r.rc == 1 and '404' in r.err, r


def test_it_answers_the_next_one_after_an_interrupt(openclaw, mlx):
    real.configure(openclaw, mlx, 'mlx', MODEL)
    running = openclaw.start('infer', 'model', 'run', '--prompt', 'word ' * 4000)
    time.sleep(0.5)
    running.signal()
    running.wait(5)
    real.assert_answers(openclaw, 'mlx', MODEL)
