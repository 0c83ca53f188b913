# A service: it runs until it is told to leave.
import time

try:
    print('serving')
    while True:
        time.sleep(60)
finally:
    print('leaving')
